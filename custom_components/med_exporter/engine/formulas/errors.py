"""What can be wrong with a formula, and where."""

from __future__ import annotations

from enum import StrEnum


class FormulaProblem(StrEnum):
    """What is wrong, for programs and translations; the value is the English sentence."""

    EMPTY = "the formula is empty"
    TOO_LONG = "the formula has more than {limit} characters"
    TOO_MANY_WORDS = "the formula has more than {limit} words and signs"
    TOO_DEEP = "it is nested more than {limit} levels deep here"
    NOT_ALLOWED = "{found} is not allowed in a formula"
    INCOMPLETE = "the expression makes no sense here, near {found}"
    UNKNOWN_FIELD = "{found} is not a field; known are {known}"
    UNKNOWN_FUNCTION = "{found} is not a function; known are {known}"
    NUMBER_TOO_LARGE = "the number {found} is larger than {limit}"
    TOO_FEW_ARGUMENTS = "{found} has too few arguments"
    TOO_MANY_ARGUMENTS = "{found} has too many arguments"
    WRONG_DIGITS = "the digits of ROUND are a whole number from -{limit} to {limit}"
    NEEDS_NUMBER = "{found} needs a number here"
    NEEDS_CONDITION = "{found} needs a condition here"
    NEEDS_TIME = "{found} needs a time here, such as timestamp"
    NOT_ALIKE = "{found} cannot mix numbers, texts and times"
    NULL_COMPARED = "nothing equals NULL; IS NULL asks for it"
    CHAINED = "comparisons cannot be chained; join them with AND"
    NESTED_TOTAL = "{found} cannot stand inside SUM, AVG, MIN, MAX or COUNT"
    NO_VALUE = "the formula never has a value"


class FormulaError(ValueError):
    """A formula that is not computed.

    Attributes:
        problem: what is wrong.
        position: at which character of the formula, counted from 1.
        details: the words in the problem's braces.
        message: an English sentence.

    """

    def __init__(self, problem: FormulaProblem, position: int, **details: object) -> None:
        self.problem = problem
        self.position = position
        self.details = {name: str(value) for name, value in details.items()}
        self.message = problem.value.format(**self.details)
        super().__init__(f"{self.message} (character {position})")
