# Answers --help by what a script says at its head. Sourced by each of them before it does anything.
case ${1:-} in
  -h | --help)
    sed -n '2,/^[^#]/{/^[^#]/d;s/^# \{0,1\}//;p;}' "$0"
    exit
    ;;
esac
