"""What every expectation of ours has beside its check: metadata as Great Expectations keeps it, and wording.

Data Docs show an expectation by its renderers; without them a reader sees raw JSON. One sentence per class serves
the pages (`_prescriptive_renderer`) and Great Expectations' own notebooks (`_prescriptive_template`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from great_expectations.expectations.metadata_types import DataQualityIssues, SupportedDataSources
from great_expectations.render import RenderedStringTemplateContent
from great_expectations.render.components import LegacyRendererType
from great_expectations.render.renderer.renderer import renderer
from great_expectations.render.renderer_configuration import RendererConfiguration, RendererValueType
from great_expectations.render.util import num_to_str, parse_row_condition_string

ENGINES = [s.value for s in (SupportedDataSources.PANDAS, SupportedDataSources.POSTGRESQL, SupportedDataSources.SPARK)]
GateKind = Literal["row", "reference", "group", "balance", "compare"]
_GX = "great_expectations.expectations.expectation"


def metadata(*tags: str) -> dict[str, Any]:
    """`library_metadata` of one expectation."""
    return {
        "maturity": "production",
        "tags": ["kontor", *tags],
        "contributors": [],
        "requirements": [],
        "has_full_test_suite": True,
        "manually_reviewed_code": True,
    }


def add_metadata(schema: dict[str, Any], model: Any) -> None:
    """`schema_extra` of our expectations: what Great Expectations' own carry in their JSON schema."""
    base = next(b for b in model.__mro__ if b.__module__ == _GX)
    base.Config.schema_extra(schema, model)
    schema["properties"]["metadata"]["properties"].update(
        {
            "data_quality_issues": {
                "title": "Data Quality Issues",
                "type": "array",
                "const": [i.value for i in model.data_quality_issues],
            },
            "library_metadata": {
                "title": "Library Metadata",
                "type": "object",
                "const": model.library_metadata,
            },
            "short_description": {
                "title": "Short Description",
                "type": "string",
                "const": model.__doc__.strip().splitlines()[0],
            },
            "supported_data_sources": {
                "title": "Supported Data Sources",
                "type": "array",
                "const": list(model.engines),
            },
        }
    )


def joined(columns: Sequence[str], sign: str, name: str) -> tuple[str, dict[str, str]]:
    """Template and parameters of several columns: `$part_0 + $part_1`."""
    params = {f"{name}_{i}": c for i, c in enumerate(columns)}
    return sign.join(f"${p}" for p in params), params


class Described:
    """Mixin: metadata and wording. A class says its sentence in `_sentence`, a template with `$name` parameters."""

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = ()
    library_metadata: ClassVar[dict[str, Any]] = metadata()
    gate_kind: ClassVar[GateKind] = "row"
    """Which part of the gate evaluates it; see `suites.Rule`."""
    engines: ClassVar[Sequence[str]] = ENGINES
    """Where it can be evaluated outside the gate."""
    names_columns: ClassVar[Mapping[str, str | None]] = {}
    """Arguments that name columns → the family the columns must have, null for any; rejects point at the first one."""

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        raise NotImplementedError

    @classmethod
    def _worded(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        """The sentence with its row condition and tolerance."""
        template, params = cls._sentence(kwargs)
        mostly = kwargs.get("mostly")
        if isinstance(mostly, int | float) and mostly < 1:
            params["mostly_pct"] = num_to_str(mostly * 100, no_scientific=True)
            template += ", for at least $mostly_pct % of the rows"
        if condition := kwargs.get("row_condition"):
            params["row_condition"] = parse_row_condition_string(condition)
            template = f"if $row_condition, then {template}"
        return f"{template[0].upper()}{template[1:]}.", params

    @classmethod
    def _prescriptive_template(cls, renderer_configuration: RendererConfiguration) -> RendererConfiguration:
        template, params = cls._worded(renderer_configuration.kwargs)
        for name, value in params.items():
            renderer_configuration.add_param(name=name, param_type=RendererValueType.STRING, value=value)
        renderer_configuration.template_str = template
        return renderer_configuration

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)  # type: ignore[untyped-decorator,unused-ignore]
    def _prescriptive_renderer(
        cls, configuration: Any = None, result: Any = None, runtime_configuration: Any = None, **_: Any
    ) -> list[RenderedStringTemplateContent]:
        if configuration is None and result is not None:
            configuration = result.expectation_config
        template, params = cls._worded(configuration.kwargs if configuration else {})
        styling = (runtime_configuration or {}).get("styling")
        return [
            RenderedStringTemplateContent(
                content_block_type="string_template",
                string_template={"template": template, "params": params, "styling": styling},
            )
        ]
