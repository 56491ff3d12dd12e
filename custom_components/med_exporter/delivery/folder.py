"""Files in a folder of the user's. All functions touch the disk: call them in an executor."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ..const import DOMAIN
from .errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from ..clocks.lived import TooOld

# Below Home Assistant's folder: what it runs, serves to everyone, or keeps secrets in.
_CLOSED = (
    ".cloud",
    ".storage",
    "blueprints",
    "custom_components",
    "deps",
    DOMAIN,
    "python_scripts",
    "www",
)


def prepare_folder(path: str, config: str, is_allowed: Callable[[str], bool]) -> Path:
    """Return a folder that files may be put into, made where it is missing.

    Args:
        path: absolute.
        config: Home Assistant's own folder; in some of those below nothing is ever put.
        is_allowed: Home Assistant's own rule for directories.

    Raises DeliveryError `FOLDER_NOT_ALLOWED` or `FOLDER_NOT_WRITABLE`.

    """
    folder = Path(path)
    # What cannot be shown cannot be kept, nor found again by a person.
    if not folder.is_absolute() or not path.isprintable():
        raise DeliveryError("folder_not_allowed", path=path)
    try:
        # As it is, wherever links lead.
        folder = folder.resolve()
        if _is_closed(folder, Path(config).resolve()) or not is_allowed(str(folder)):
            raise DeliveryError("folder_not_allowed", path=path)
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except (OSError, RuntimeError) as err:
        reason = err.strerror if isinstance(err, OSError) and err.strerror else str(err)
        raise DeliveryError("folder_not_writable", path=path, reason=reason) from err
    return folder


def _is_closed(folder: Path, own: Path) -> bool:
    """Return whether a folder lies in a closed one; a disk may take any case for the same."""
    closed = {str((own / name).resolve()).casefold() for name in _CLOSED}
    return any(str(one).casefold() in closed for one in (folder, *folder.parents))


def free_name(folder: Path, name: str) -> str:
    """Return a name that no file in the folder has: this one, or one with a number."""
    stem, dot, rest = name.partition(".")
    number = 1
    while (folder / name).exists():
        number += 1
        name = f"{stem}-{number}{dot}{rest}"
    return name


def copy_file(source: Path, target: Path) -> None:
    """Put a copy of a file under a name at once, whole or not at all.

    Raises DeliveryError `EXPORT_EXPIRED` or `FOLDER_NOT_WRITABLE`.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        with source.open("rb") as read:
            # Left behind, or put there by another: it is not written through.
            part.unlink(missing_ok=True)
            try:
                with part.open("xb") as written:
                    shutil.copyfileobj(read, written)
                    written.flush()
                    os.fsync(written.fileno())
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
    except FileNotFoundError as err:
        if not source.exists():
            raise DeliveryError("export_expired") from err
        raise _not_writable(target, err) from err
    except OSError as err:
        raise _not_writable(target, err) from err


def retain(
    made: Iterable[str], folder: Path, too_old: TooOld | None, keep_files: int | None
) -> Collection[str]:
    """Delete what is too old or too much of the files that were made, and return the others.

    Args:
        made: paths, oldest first; only these are ever deleted.
        folder: where; a file that was made elsewhere stays, and is no longer looked after.
        too_old: by the file's own time, None where none is.
        keep_files: how many at most, None for any number.

    """
    kept = [path for path in made if Path(path).parent == folder and Path(path).is_file()]
    doomed = set() if keep_files is None else set(kept[: max(len(kept) - keep_files, 0)])
    if too_old is not None:
        times = {path: Path(path).stat().st_mtime for path in kept}
        limit = too_old.before(min(times.values(), default=None))
        doomed |= {path for path, time in times.items() if time < limit}
    for path in doomed:
        Path(path).unlink(missing_ok=True)
    return [path for path in kept if path not in doomed]


def _not_writable(target: Path, err: OSError) -> DeliveryError:
    return DeliveryError(
        "folder_not_writable", path=str(target.parent), reason=err.strerror or str(err)
    )
