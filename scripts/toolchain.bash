# Finds the two tools that everything else is made with: a Python that Home Assistant runs on, and uv.
# Sourced by the other scripts, which set $root to the top of the repository first.

tools=$root/.venv-tools
oldest_uv=0.7.0

# Without a home to keep them in, uv's downloads stay in the checkout.
if [ ! -w "${HOME:-/nonexistent}" ]; then
  export UV_CACHE_DIR=${UV_CACHE_DIR:-$tools/cache}
  export UV_PYTHON_INSTALL_DIR=${UV_PYTHON_INSTALL_DIR:-$tools/python}
fi

# The machine's own certificates, as networks with a proxy of their own need; uv brings a set for machines without.
for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
  if [ -e "$bundle" ]; then export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1}; fi
done

say() {
  printf '%s\n' "$*" >&2
}

fail() {
  say "error: $*"
  exit 1
}

# probe_python COMMAND: prints "VERSION EXECUTABLE" when the command runs and can carry Home Assistant.
# Finding a name is not enough: pyenv's shims exist for versions that are not active.
probe_python() {
  "$1" -I -c '
import ctypes, lzma, platform, sqlite3, ssl, sys, sysconfig, zlib

if (
    sys.implementation.name != "cpython"
    or sys.version_info[:2] not in ((3, 13), (3, 14))
    or sys.version_info.releaselevel != "final"
    or sysconfig.get_config_var("Py_GIL_DISABLED")
):
    sys.exit(1)
print(platform.python_version(), getattr(sys, "_base_executable", "") or sys.executable)
' </dev/null 2>/dev/null
}

# Prints every place where a Python may be, newest first.
list_pythons() {
  local minor
  for minor in 3.14 3.13; do
    type -aP "python$minor" || true
    {
      ls -d "${PYENV_ROOT:-${HOME:-}/.pyenv}/versions/$minor".*"/bin/python$minor"
      ls -d "${UV_PYTHON_INSTALL_DIR:-${XDG_DATA_HOME:-${HOME:-}/.local/share}/uv/python}/cpython-$minor".*"/bin/python$minor"
      ls -d "/opt/python$minor/usr/bin/python$minor" "/opt/python$minor/bin/python$minor"
      ls -d "$tools/python$minor/usr/bin/python$minor"
    } 2>/dev/null | sort -rV
  done
  type -aP python3 python || true
}

# find_python WANTED: prints "VERSION EXECUTABLE". WANTED is a path, a command, a version or the
# beginning of one ("3.13", "3.13.0"), or empty for the newest there is. Downloads one as a last resort.
find_python() {
  local wanted=$1 candidate found version uv
  case $wanted in
    "" | 3.1[34] | 3.1[34].[0-9]*) ;;
    *)
      probe_python "$wanted" || fail "$wanted is not a Python 3.13 or 3.14 that runs (with ssl, sqlite3 and ctypes)"
      return
      ;;
  esac
  while read -r candidate; do
    if found=$(probe_python "$candidate"); then
      case ${found%% *}. in
        "${wanted:-3}".*)
          printf '%s\n' "$found"
          return
          ;;
      esac
    fi
  done < <(list_pythons)
  uv=$(find_uv) || exit
  for version in ${wanted:-3.14 3.13}; do
    say "No Python $version here: downloading one."
    if "$uv" python install "$version" >&2 &&
      candidate=$(UV_PYTHON_PREFERENCE=only-managed "$uv" python find --system "$version") &&
      probe_python "$candidate"; then
      return
    fi
    case $version in
      3.14) if candidate=$("$root/scripts/python314") && probe_python "$candidate"; then return; fi ;;
    esac
  done
  fail "no Python ${wanted:-3.13 or 3.14} was found or could be downloaded; install one, or name it with --python or MED_PYTHON"
}

# probe_uv COMMAND: succeeds when it runs and is not too old.
probe_uv() {
  local version
  version=$("$1" --version 2>/dev/null </dev/null) || return 1
  version=${version#uv }
  [ "$(printf '%s\n' "$oldest_uv" "${version%% *}" | sort -V | head -n 1)" = "$oldest_uv" ]
}

# Prints the path of uv; installs a private one into the checkout where there is none.
find_uv() {
  local candidate python way output=
  while read -r candidate; do
    if probe_uv "$candidate"; then
      printf '%s\n' "$candidate"
      return
    fi
  done < <(
    type -aP uv || true
    printf '%s\n' "${HOME:-}/.local/bin/uv" "$tools/uv/bin/uv"
  )
  say "No uv here: installing one into ${tools#"$root"/}."
  while read -r python; do
    # Debian's python3 may come without venv, or with pip only.
    for way in install_uv_by_venv install_uv_by_target; do
      rm -rf "$tools/uv"
      if output=$("$way" "$python" 2>&1) && probe_uv "$tools/uv/bin/uv"; then
        printf '%s\n' "$tools/uv/bin/uv"
        return
      fi
    done
  done < <(
    type -aP python3 python || true
    list_pythons
  )
  rm -rf "$tools/uv"
  say "$output"
  fail "uv $oldest_uv or newer is needed: install it, or a python3 with venv or pip that can fetch it"
}

install_uv_by_venv() {
  "$1" -m venv "$tools/uv" && "$tools/uv/bin/python" -m pip install --only-binary :all: "uv>=$oldest_uv"
}

install_uv_by_target() {
  "$1" -m pip install --only-binary :all: --target "$tools/uv" "uv>=$oldest_uv"
}
