"""Arrays that another model writes into, and that remember where it did."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import SimError, nearest


class Lever(np.ndarray[Any, np.dtype[Any]]):
    """What is set before a step: shows how things stand, notes every place that is written to.

    To write what stands there already is an order, too: peace is to hold in this step, say. So
    places are noted when they are written to through the lever's own index; a view of it, or
    `out=`, writes as well, but is only noticed where the value differs.

    Rows go by their names as well as by number (``lever["France"]``, ``lever["France", late]``);
    what has no rows takes names as values (``lever[late] = "war"``).

    Attributes
    ----------
    name : str
        For errors.
    names : tuple of str
        Of the rows; of the values, where there are no rows.
    written : bool array
    shown : array
        As it was before anything was written.
    """

    name: str
    names: tuple[str, ...] = ()
    written: NDArray[np.bool_] | None = None  # of what is made from a lever: it is none itself
    shown: NDArray[Any]

    def __new__(cls, name: str, values: NDArray[Any], names: tuple[str, ...] = ()) -> Lever:
        """A lever that shows these values."""
        lever = np.array(values).view(cls)
        lever.name, lever.names, lever.shown = name, names, np.array(values)
        lever.written = np.zeros(lever.shape, np.bool_)
        return lever

    @property
    def values(self) -> NDArray[Any]:
        """What stands there now, as a plain array."""
        return self.view(np.ndarray)

    @property
    def ordered(self) -> NDArray[np.bool_]:
        """Where something was set: bool array."""
        differs = np.asarray(self.values != self.shown)
        return differs if self.written is None else differs | self.written

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises
        ------
        SimError
            With the first wrong value.
        """
        values = self.values[self.ordered]
        if values.dtype.kind == "b":
            return
        if values.dtype.kind == "i":
            wrong = (values < 0) | (values >= len(self.names))
            wanted = f"0 to {len(self.names) - 1}, for {', '.join(self.names)}"
        else:
            wrong = ~(values >= 0) | (np.isinf(values) & (self.name != "lift"))
            wanted = "numbers of soldiers from 0 up"
        if wrong.any():
            raise SimError(f"{self.name}: {wanted} are wanted, found {values[wrong][0]:g}")

    def __setitem__(self, key: Any, value: Any) -> None:
        if self.written is None:
            self.values[key] = value
            return
        if isinstance(value, str) and self.ndim == 1:
            value = self._number(value)
        given = np.asarray(value)
        with np.errstate(invalid="ignore"):
            number = given.dtype.kind in "biuf"
            fits = number and np.array_equal(given.astype(self.dtype), given)
        if not number or (self.dtype.kind in "ib" and not fits):
            kind = {"b": "true or false", "i": "whole numbers"}.get(self.dtype.kind, "numbers")
            raise SimError(f"{self.name}: {kind} are wanted, found {value!r}")
        at = self._place(key)
        self.values[at] = value
        self.written[at] = True

    def __getitem__(self, key: Any) -> Any:
        return self.values[self._place(key)]

    def _place(self, key: Any) -> Any:
        row, *rest = key if isinstance(key, tuple) and key else (key,)
        if not isinstance(row, str) or self.ndim == 1:
            return key
        return (self._number(row), *rest)

    def _number(self, name: str) -> int:
        if name not in self.names:
            hint = nearest(name, self.names) or f"known: {', '.join(self.names) or 'none'}"
            raise SimError(f"{self.name}: no '{name}'; {hint}")
        return self.names.index(name)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.get("out")
        if out is not None:
            options["out"] = tuple(_plain(array) for array in out)
        made = getattr(ufunc, method)(*(_plain(array) for array in inputs), **options)
        return made if out is None or len(out) > 1 else out[0]

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return func(*_plain(args), **_plain(kwargs))

    def __reduce__(self) -> Any:
        return _again, (self.name, self.names, self.shown, self.values.copy(), self.written)

    def __deepcopy__(self, memo: Any) -> Lever:
        return _again(self.name, self.names, self.shown, self.values, self.written)


def _again(
    name: str,
    names: tuple[str, ...],
    shown: NDArray[Any],
    values: NDArray[Any],
    written: NDArray[np.bool_] | None,
) -> Lever:
    lever = Lever(name, shown, names)
    lever.values[...] = values
    lever.written = None if written is None else written.copy()
    return lever


def _plain(value: Any) -> Any:
    if isinstance(value, Lever):
        return value.values
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if type(value) in (tuple, list):
        return type(value)(_plain(item) for item in value)
    return value


class Setting:
    """An attribute of a model that may be set before a step; it gives a `Lever`.

    Parameters
    ----------
    names
        Which attribute of the model names the rows, or the values where there are no rows.
    doc
        Its docstring.
    """

    def __init__(self, names: str, doc: str) -> None:
        self.names, self.__doc__ = names, doc

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        return self if model is None else model.lever(self.name, self.names)

    def __set__(self, model: Any, value: Any) -> None:
        self.__get__(model)[...] = value
