"""What can be wrong with a contract that a person has entered."""

from __future__ import annotations

from enum import StrEnum


class TariffErrorCode(StrEnum):
    """What is wrong, for programs and as the key of a translation."""

    NOT_A_LIST = "not_a_list"
    NOT_AN_OBJECT = "not_an_object"
    REQUIRED = "required"
    UNKNOWN_KEY = "unknown_key"
    UNKNOWN_KIND = "unknown_kind"
    NOT_TEXT = "not_text"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    NOT_A_NUMBER = "not_a_number"
    NOT_FINITE = "not_finite"
    NEGATIVE = "negative"
    TOO_LARGE = "too_large"
    INVALID_DATE = "invalid_date"
    DATE_OUT_OF_RANGE = "date_out_of_range"
    DUPLICATE_VALID_FROM = "duplicate_valid_from"
    INVALID_TIME = "invalid_time"
    NOT_AN_ENTITY = "not_an_entity"
    UNKNOWN_DAY = "unknown_day"
    DUPLICATE_DAY = "duplicate_day"
    OVERLAP = "overlap"
    """Details: `other` (name of the other period), `from_day`, `from`, `to_day`, `to`."""
    GAP = "gap"
    """Details: `from_day`, `from`, `to_day`, `to`."""
    PRICE_DIFFERS = "price_differs"
    """Two periods of one name have different prices. Details: `name`."""
    TIERS_UNORDERED = "tiers_unordered"
    LAST_TIER_BOUNDED = "last_tier_bounded"


class TariffError(ValueError):
    """A contract that cannot be used as it was entered.

    Attributes:
        field: where the mistake is, such as `contracts[1].periods[0].start`.
        code: what the mistake is.
        details: what a translated message needs besides, such as the days and times of a gap.

    """

    def __init__(
        self,
        field: str,
        code: TariffErrorCode,
        message: str,
        details: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.code = code
        self.details = details or {}
