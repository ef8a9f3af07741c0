"""Rules that a scenario chooses by name, with their parameters beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    GetJsonSchemaHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    create_model,
)
from pydantic_core import CoreSchema

from sim.errors import SimError, nearest
from sim.scenario.amounts import Amount
from sim.scenario.plugins import (
    BURDEN_SHARING,
    CONFLICT_PROCESSES,
    Choice,
    Kind,
    Plugin,
    Unit,
    names,
    plugin,
)
from sim.scenario.scalars import show
from sim.scenario.schema.base import Problem, Section, refuse
from sim.scenario.schema.translate import problems_of
from sim.scenario.schema.values import amount
from sim.scenario.schema.written import Data, at, items, mapping
from sim.scenario.tree import Path


@cache
def _model(name: str, key: str, found: Plugin | None, base: type[Section]) -> type[BaseModel]:
    """Describe one rule: its name under `key`, its parameters, and what `base` has.

    It is no `Section`: those are the language's own, the same wherever it is spoken.
    """
    fields: dict[str, Any] = {
        k: (field.annotation, field) for k, field in base.model_fields.items()
    }
    fields[key] = (Literal[name], ...)
    for parameter, unit in found.parameters.items() if found else ():
        form = Annotated[Amount, *_amount(unit)]
        required = found is not None and parameter in found.required
        fields[parameter] = (form, ...) if required else (form | None, None)
    model: type[BaseModel] = create_model(name, __config__=Section.model_config, **fields)
    return model


def _amount(unit: Unit) -> tuple[BeforeValidator, WithJsonSchema]:
    return amount(unit.dimension, high=unit.high)


def _validated(
    kind: Kind, key: str, base: type[Section], written: Mapping[str, Any], where: tuple[str, ...]
) -> BaseModel:
    """Validate what a scenario says of a rule; `where` is the path of its name."""
    name = written[key]
    if name not in kind.built_in and name not in (known := names(kind)):
        hints = (nearest(str(name), known), f"known: {', '.join(known)}")
        refuse((where, f"unknown {kind.noun} {show(name)}", " ".join(filter(None, hints))))
    try:
        model = _model(name, key, None if name in kind.built_in else plugin(kind, name), base)
        return model.model_validate(written)
    except SimError as error:
        refuse((where, str(error), ""))
    except ValidationError as error:
        refuse(*problems_of(error, model))


def parameters_of(section: BaseModel) -> tuple[tuple[str, Amount], ...]:
    """Amounts that are said of a rule, in the order of its keys."""
    return tuple((key, value) for key, value in section if isinstance(value, Amount))


def package_of(kind: Kind, name: str) -> tuple[str, str] | None:
    """Name and version of the package that a rule comes from; None where it is built in."""
    return None if name in kind.built_in else plugin(kind, name).package


@dataclass(frozen=True, slots=True)
class Form:
    """Describes in the JSON Schema of a field the rules that are installed where it is made.

    `beside` are keys that may stand with the name, under `key`, and the parameters.
    """

    kind: Kind
    key: str
    beside: tuple[tuple[str, str], ...] = ()

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Every rule by its name and parameters; one that does not load is left out."""
        described, plugins = handler(schema), list(self._plugins())
        forms = [self._form([p.name], p.parameters, p.required) for p in plugins]
        if "oneOf" in described:  # those built in have sections of their own
            described["oneOf"] += forms
            return described
        bare = [*self.kind.built_in, *(p.name for p in plugins if not p.required)]
        return {"anyOf": [{"enum": bare}, self._form([*self.kind.built_in]), *forms]}

    def _plugins(self) -> Iterator[Plugin]:
        for name in names(self.kind)[len(self.kind.built_in) :]:
            with suppress(SimError):
                yield plugin(self.kind, name)

    def _form(
        self, named: list[str], parameters: Mapping[str, Unit] = {}, required: Sequence[str] = ()
    ) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                self.key: {"enum": named},
                **{
                    parameter: _amount(unit)[1].json_schema
                    for parameter, unit in parameters.items()
                },
                **{key: {"type": form} for key, form in self.beside},
            },
            "required": [self.key, *required],
            "additionalProperties": False,
        }


def choice(kind: Kind) -> tuple[BeforeValidator, Form]:
    """Annotate a field that holds a `Choice`: a name, or a mapping with ``name`` and parameters."""

    def parse(written: Any) -> Choice:
        if isinstance(written, Choice):
            return written
        rule = {"name": written} if isinstance(written, str) else written
        if not isinstance(rule, Mapping):
            told = f"must be a {kind.noun}, as a name or {{name: ..., its parameters}}"
            raise ValueError(f"{told}, found {show(written)}")
        if "name" not in rule:
            refuse(((), "needs 'name'", f"known: {', '.join(names(kind))}"))
        section = _validated(kind, "name", Section, rule, () if rule is not written else ("name",))
        name = rule["name"]
        return Choice(name, parameters_of(section), package_of(kind, name))

    return BeforeValidator(parse), Form(kind, "name")


def or_plugged(kind: Kind, key: str, base: type[Section]) -> tuple[WrapValidator, Form]:
    """Annotate a union of the built-in sections of a kind, told apart by `key`, with all others."""

    def parse(written: Any, handler: ValidatorFunctionWrapHandler) -> BaseModel:
        name = written.get(key) if isinstance(written, Mapping) else None
        if isinstance(name, str) and name not in kind.built_in:
            return _validated(kind, key, base, written, (key,))
        section: BaseModel = handler(written)
        return section

    return WrapValidator(parse), Form(kind, key, (("weight", "number"), ("sources", "array")))


def plug_in_checks(data: Data) -> Iterator[Problem]:
    """Tell what a plug-in needs of the rest of the scenario, and is not there."""
    places: list[Path] = [(), *(("mandates", name) for name, _ in items(data, "mandates"))]
    for place in places:
        process = _named(at(data, *place, "conflict", "process"))
        rates = (mapping(data, *where, "conflict", "rates") for where in {(), place})
        if process is not None and process not in CONFLICT_PROCESSES.built_in and not any(rates):
            path = (*place, "conflict", "process")
            yield path, "there are no rates that it could change", "give conflict.rates"
    rule = _named(at(data, "rotation", "burden_sharing"))
    if isinstance(rule, str) and rule not in BURDEN_SHARING.built_in:
        with suppress(SimError):
            given = plugin(BURDEN_SHARING, rule).given
            for name, contributor in items(data, "contributors") if "army" in given else ():
                if "forces" in contributor and "army" not in contributor:
                    yield ("contributors", name), f"needs 'army': '{rule}' weighs by it", ""


def _named(written: Any) -> Any:
    return written.get("name") if isinstance(written, Mapping) else written
