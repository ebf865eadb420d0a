# SPDX-License-Identifier: MIT
"""Writes docs/reference/ from the code: `python docs/reference.py`.  A test compares the files with what this gives.

Everything is said once, where it is defined: in the fields of the model, the docstrings of its modules, the models of
sweep files, the options of the command line and the files under configs/.  This puts it in tables.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import typer
import yaml
from reference_words import SCHEMA, code, default, prose, table, unit, written

import sweep.cli
import sweep.model.kernel
from sweep import schema
from sweep.cli import app
from sweep.cli.json_schemas import OUTPUTS, TYPED, json_schema
from sweep.config.parameters import parameters
from sweep.fields.earlier import EARLIER
from sweep.fields.field import Better, Knob
from sweep.fields.metrics import METRICS
from sweep.fields.series import BINS
from sweep.model.strategies import NAMES, strategy
from sweep.show import counters as stages
from sweep.show import kernels
from sweep.units import KINDS, Reading

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs/reference"
MADE = "<!-- Made by docs/reference.py from the code; do not edit. -->\n\n"
NUMBERS = (
    "In sources, V05 is the experiment `configs/experiments/v05.yaml`, a law such as 12.1 stands in "
    "[theory](../theory.md), and what is in brackets is an entry of [sources](../sources.md).\n\n"
)


def sweep_file() -> str:
    """Keys of a sweep file, and of what may be written in it."""
    defined = SCHEMA["$defs"]
    own = {key: said for key, said in SCHEMA["properties"].items() if key not in parameters() or "$ref" in str(said)}
    own = {key: said for key, said in own.items() if "." not in key}
    text = "# The sweep file\n\n" + (
        "At the top of the file: any [parameter](parameters.md) with one value, and the keys below. `sweep schema` "
        "prints all of this as a JSON Schema for editors.\n\n"
    )
    text += table(
        ("key", "what may be written", "meaning"),
        ((code(key), _short(key, said), said.get("description", "")) for key, said in own.items()),
    )
    parts = {
        "Mix": "A traffic mix: `traffic: {NAME: ...}`, or a file",
        "ReaderSection": "`reader` of a mix",
        "Fates": "`fates` of a mix",
        "Stall": "`reader.stall`",
        "NicSection": "A NIC: `nic:`, `nics: {NAME: ...}`, or a file",
        "Coalesce": "`coalesce` of a NIC",
        "Host": "A host profile: `hosts: {NAME: ...}`, or a file",
        "ClaimSection": "An entry of `claims`",
        "SampleSection": "`sample`",
        "TimeForms": "A random time; a bare time is constant",
        "LengthForms": "A random length of a burst",
        "ArrivalForms": "`arrivals`",
    }
    for name, title in parts.items():
        needed = defined[name].get("required", ())
        rows = (
            (code(key), written(said), "required" if key in needed else default(said.get("default")),
             said.get("description", ""))
            for key, said in defined[name]["properties"].items()
        )  # fmt: skip
        text += f"## {title}\n\n" + table(("key", "what may be written", "default", "meaning"), rows)
    return text


def _short(key: str, said: dict[str, Any]) -> str:
    """What may be written at the top, without listing all parameters again."""
    names = {"axes": "`{PARAMETER: [VALUES]}`, or `{range\\|linspace\\|log\\|log2: [FROM, TO, ...]}` for the list",
             "zip": "a list of such groups", "points": "a list of `{PARAMETER: VALUE}`",
             "baseline": "`{strategy: NAME}`, and parameters"}  # fmt: skip
    return names.get(key, "").replace("\\|", "|") or written(said)


def parameter_page() -> str:
    """Every parameter, as a sweep file names it and as the table of results does."""
    said = SCHEMA["$defs"]["point"]["properties"]
    knobs = {knob.name: knob for name in NAMES for knob in strategy(name).KNOBS}
    text = "# Parameters\n\nFixed at the top of a [sweep file](sweep-file.md), on an axis, or by `--set`.\n\n"
    groups = {"": "At the top", "strategy": "Knobs of strategies", "traffic": "The traffic mix", "nic": "The NIC",
              "host": "The host; defaults are those of its profile"}  # fmt: skip
    for group, title in groups.items():
        rows = []
        for name, parameter in parameters().items():
            if name.rpartition(".")[0].partition(".")[0] == group:
                knob = knobs.get(name.removeprefix("strategy.")) if group == "strategy" else None
                usual = code(knob.default) if knob else default(parameter.default)
                own_unit = unit(knob.unit) if knob else ""
                rows.append((code(name), written(said[name]), own_unit, usual, parameter.meaning))
        text += f"## {title}\n\n" + table(("name", "what may be written", "unit", "default", "meaning"), rows)
    text += "## Columns of the results\n\nIn the units that people write; empty where a strategy has none.\n\n"
    rows = [(code(c.name), unit(c.unit), str(c.type), c.meaning) for c in schema.columns() if c.role == "parameter"]
    text += table(("column", "unit", "type", "meaning"), rows)
    text += "## Columns of earlier versions\n\n" + (
        "sweep reads tables that have these under today's names and units. Where no unit is said, numbers are the "
        "same.\n\n"
    )
    rows = [
        (code(old), unit(kind.unit) if kind.column_unit else "", code(name), unit(kind.column_unit))
        for old, (name, kind) in EARLIER.items()
    ]
    return text + table(("earlier", "unit", "today", "unit"), rows)


def counter_page() -> str:
    """Every counter with its unit and the kernel's name."""
    header = ("counter", "unit", "better", "the kernel's name", "counted there in", "meaning")
    text = (
        "# Counters\n\nTotals over the measured window (after warm-up, up to the end of the last poll), but for those "
        'whose meaning says "at the start", "at the end", "peak" or "since the start". A counter has a name of the '
        "kernel where something there counts the very same, and none where it is only akin. Some are of the strategies "
        "in brackets alone.\n\n"
    )
    owners: dict[str, list[str]] = {}
    for name in NAMES:
        for field in strategy(name).COUNTERS:
            owners.setdefault(field.name, []).append(name)
    for title, counters in stages.staged(schema.results_schema(), "whichever it is"):
        rows = []
        for c in counters:
            meaning = f"{c.meaning} ({', '.join(owners[c.name])})" if c.name in owners else c.meaning
            rows.append((code(c.name), unit(c.unit), _better(c.better), code(c.kernel), c.definition, meaning))
        text += f"## {title}\n\n" + table(header, rows)
    histograms = [column for column in schema.columns() if column.role == "histogram"]
    rows = ((code(column.name), unit(column.unit), column.meaning) for column in histograms)
    text += "## Histograms\n\n" + table(("histogram", "unit", "meaning"), rows)
    rows = ((code(column.name), unit(column.unit), column.meaning) for column in schema.series.columns())
    return (
        f"{text}\n## Time series\n\nIn `series.parquet`, for each of {BINS} bins of a simulation, cut by packets "
        "offered, warm-up included ([how](../how-to/analyse.md#how-it-went-over-time)).\n\n"
        + table(("column", "unit", "meaning"), rows)
    )


def _better(better: str) -> str:
    return "" if better == Better.NEITHER else str(better)


def metric_page() -> str:
    """Every derived metric."""
    rows = ((code(metric.name), unit(metric.unit), _better(metric.better), metric.meaning) for metric in METRICS)
    return (
        "# Metrics\n\nRatios of [counters](counters.md), one value a simulation; empty where the denominator is 0. "
        "`sweep report --metric` takes them, and any counter. "
        "Wherever a metric is named, whole words of its name will do that no other metric has: `p99`, `drops`.\n\n"
        + table(("metric", "unit", "better", "meaning"), rows)
    )


def strategy_page() -> str:
    """Every strategy: its module's docstring and its knobs."""
    text = "# Strategies\n\n" + NUMBERS
    for name in NAMES:
        module = strategy(name)
        summary, _, body = inspect.cleandoc(module.__doc__ or "").partition("\n\n")
        what = summary.removeprefix(f"{name}: ")
        text += f"## {name}\n\n{what[0].upper()}{what[1:]}\n\n" + (prose(body) if body else "")
        text += f"Its code: [{name}.py](../../sweep/model/strategies/{name}.py)\n\n"
        if module.KNOBS:
            knobs: tuple[Knob, ...] = module.KNOBS
            rows = ((code(f"strategy.{k.name}"), unit(k.unit), code(k.default), f"{k.low:,} to {k.high:,}", k.meaning)
                    for k in knobs)  # fmt: skip
            text += table(("knob", "unit", "default", "range", "meaning"), rows)
        if module.COUNTERS:
            text += f"Counters of its own: {', '.join(code(field.name) for field in module.COUNTERS)}\n\n"
    return text


def _heading(path: Path) -> str:
    """The comment at the top of a file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = [line.removeprefix("#").strip() for line in lines[: next(i for i, x in enumerate(lines) if x[:1] != "#")]]
    return "\n".join(comment) + "\n\n"


def _file(path: Path, lead: str = "") -> str:
    """A file of configs/: what its comment says, and the rest as it stands."""
    rest = re.sub(r"\A(?:#.*\n)+", "", path.read_text(encoding="utf-8")).strip()
    place = path.relative_to(ROOT)
    return f"## {path.stem}\n\n{lead}{_heading(path)}[{place}](../../{place})\n\n```yaml\n{rest}\n```\n\n"


def traffic_page() -> str:
    """Every traffic mix that comes with sweep."""
    text = "# Traffic mixes\n\n`traffic: NAME`; for the keys see [the sweep file](sweep-file.md). " + NUMBERS
    return text + "".join(_file(path) for path in sorted((ROOT / "configs/traffic").glob("*.yaml")))


def machine_page() -> str:
    """Every host profile and NIC, with sources."""
    text = (
        "# Hosts and NICs\n\n"
        "Each cost has its source. *Assumed* means that nobody has published it for this machine: put its range on an "
        "axis before you believe a difference that rests on it. What the costs mean: [parameters](parameters.md). "
        + NUMBERS
    )
    for path in sorted((ROOT / "configs/hosts").glob("*.yaml")):
        host = yaml.safe_load(path.read_text(encoding="utf-8"))
        facts = [(key, value) for key, value in host.items() if not isinstance(value, dict)]
        text += f"## host: {path.stem}\n\n{_heading(path)}" + table(("", ""), facts)
        rows = (
            (code(f"host.{name}"), said["value"], " to ".join(map(str, said.get("range", ()))), said.get("source", ""))
            for section in ("costs", "hardware")
            for name, said in host.get(section, {}).items()
        )
        text += table(("", "value", "assumed, between", "source"), rows)
    for path in sorted((ROOT / "configs/nics").glob("*.yaml")):
        text += _file(path).replace("## ", "## nic: ", 1)
    return text


def kernel_page() -> str:
    """Every rule of the kernel, and the releases that have it."""
    rows = ((code(name), *cells) for rows in kernels.listed().values() for name, *cells in rows)
    text = "# The kernel\n\n`kernel: RELEASE`, such as `6.12` or `6.12.117`; one rule is `kernel.NAME: on` or `off`. "
    text += "`sweep show kernels 6.6.80` lists what a release has. The rules, in the order in which they came:\n\n"
    return text + table(kernels.HEADER, rows) + prose(inspect.getdoc(sweep.model.kernel) or "")


def verbs(group: Any, before: str = "") -> Iterable[tuple[str, Any]]:
    """Every verb with its name, those of a group in the group's place."""
    for name, verb in group.commands.items():
        yield from verbs(verb, f"{before}{name} ") if hasattr(verb, "commands") else [(f"{before}{name}", verb)]


def command_page() -> str:
    """Every verb of the command line with its arguments and options."""
    group: Any = typer.main.get_command(app)
    ends = inspect.getdoc(sweep.cli) or ""
    text = f"# The command line\n\n{ends[ends.index('Exit codes:') :]}\n\n"
    text += "`sweep --version` prints the version, the commit and what else a bug report needs.\n\n"
    for name, verb in verbs(group):
        shown = [each for each in verb.params if not each.hidden]
        arguments = [each for each in shown if each.param_type_name == "argument"]
        options = ["[OPTIONS]"] if shown != arguments else []
        words = ["sweep", name, *options, *(each.metavar or each.name.upper() for each in arguments)]
        text += f"## sweep {name}\n\n`{' '.join(words)}`\n\n{' '.join((verb.help or '').split())}\n\n"
        rows = [(code(each.metavar or each.name.upper()), "", each.help) for each in arguments]
        for option in (each for each in shown if each not in arguments):
            takes = f" {option.metavar}" if option.metavar else ""
            usual = option.default if isinstance(option.default, int | float | str) and option.default else ""
            rows.append((code("/".join(option.opts) + takes), code(usual), option.help))
        text += table(("", "default", ""), rows)
    return text


def not_modelled_page() -> str:
    """What every module says that it leaves out."""
    text = (
        "# Not modelled\n\nEvery simplification is written where it is made. This collects them; the rules are in "
        "[the model](../model.md).\n\n"
    )
    told = ("metrics.py", "stats", "report", "compare", "sizing", "show")
    groups = {
        "In a simulation": ["sweep/model"],
        "In statistics and reports": [f"sweep/{name}" for name in told],
        "In running sweeps and keeping results": ["sweep"],
    }
    seen: set[Path] = set()
    for title, places in groups.items():
        rows = []
        for path in sorted({file for place in places for file in _modules(ROOT / place)} - seen):
            seen.add(path)
            docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            found = re.search(r"^Not modelled: *(.*?)(?=^Source:|\n\n|\Z)", docstring, re.S | re.M)
            if found:
                place = path.relative_to(ROOT).as_posix()
                rows.append((f"[{place.removeprefix('sweep/')}](../../{place})", found[1]))
        text += f"## {title}\n\n" + table(("where", "what is left out"), rows)
    return text


def _modules(place: Path) -> Iterable[Path]:
    return [place] if place.is_file() else place.glob("**/*.py")


def unit_page() -> str:
    """Every spelling of every unit, and what is refused."""
    text = "# Units\n\n" + (
        "In sweep files, libraries, experiments, gates, `--set` and options alike, with or without a blank before the "
        "unit. Sweep writes the units in the first column; it reads the spellings of ip(8), tc(8) and ethtool(8) too. "
        "A number is exact: `1.5 KiB`, `1_000`, `1e3`.\n\n"
    )
    for kind in KINDS:
        title = kind.noun[0].upper() + kind.noun[1:] + "s"
        factors: dict[int | Fraction, list[str]] = {}
        for name, factor in kind.read.items():
            factors.setdefault(factor, []).append(name)
        rows = [
            (code(first), ", ".join(map(code, more)), _factor(factor)) for factor, (first, *more) in factors.items()
        ]
        plain, base = PLAIN[kind.noun]
        text += f"## {title}\n\n{plain}\n\n" + table(("unit", "also read", base or "is"), rows)
        refused = [
            (code(f"40 {name}".strip()), *(f"{code(_read(each))} ({each.whose})" for each in readings))
            for name, readings in kind.doubtful.items()
        ]
        if refused:
            text += "Refused, for it has two meanings:\n\n" + table(("written", "one", "the other"), refused)
    return text


PLAIN = {  # what a number without a unit is, and what the units are multiples of
    "time": ("A number needs a unit; the `usecs` of a NIC's coalescing may be plain, as ethtool(8) has them.", "ps"),
    "size": ("A plain number is bytes. One letter is a power of 1,024, as in tc(8).", "bytes"),
    "packet rate": ("A number needs a unit.", "packets/s"),
    "link speed": ("A number needs a unit, for tc(8) reads a plain one as bit/s and ethtool(8) as Mbit/s.", "bits/s"),
    "share": ("A plain number is the share itself: `0.3` is `30 %`.", ""),
    "whole number": ("Packets, descriptors, pages, entries: plain, or in powers of 1,000.", ""),
}


def _factor(factor: int | Fraction) -> str:
    return f"{factor:,}" if isinstance(factor, int) else str(factor)


def _read(reading: Reading) -> str:
    return f"{float(40 * reading.factor):g} {reading.unit}"


def json_page() -> str:
    """The forms of the JSON that verbs print, and of all that is in it."""
    text = (
        "# JSON of the verbs\n\n`--format json`. `format` is raised when a key is removed or changes its meaning; keys "
        "may be added. What is not known is null. `sweep schema VERB` prints the JSON Schema. The rows that "
        "`sweep query --format json` prints are a list with an object each, whose keys are the columns of the answer."
        "\n\n"
    )
    for name_of_form in OUTPUTS:
        found, verb = json_schema(name_of_form), TYPED.get(name_of_form, name_of_form)
        forms = {"": found, **found.get("$defs", {})}
        for name, form in forms.items():
            title = f"### {name} of sweep {verb}" if name else f"## sweep {verb}"
            rows = (
                (code(key), _json_type(said), "" if key in form.get("required", ()) else "may be missing",
                 said.get("description", ""))
                for key, said in form["properties"].items()
            )  # fmt: skip
            text += f"{title}\n\n{form['description']}\n\n" + table(("key", "type", "", "meaning"), rows)
    return text


def _json_type(said: dict[str, Any]) -> str:
    """The type of a value in words."""
    if "$ref" in said:
        return said["$ref"].rpartition("/")[2]
    if "anyOf" in said:
        return " or ".join(map(_json_type, said["anyOf"]))
    if said["type"] == "array":
        return f"list of {_json_type(said['items'])}"
    inner = said.get("additionalProperties")
    return f"object of {_json_type(inner)}" if isinstance(inner, dict) else said["type"]


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": command_page,
    "sweep-file.md": sweep_file,
    "json.md": json_page,
    "units.md": unit_page,
    "parameters.md": parameter_page,
    "counters.md": counter_page,
    "metrics.md": metric_page,
    "strategies.md": strategy_page,
    "traffic.md": traffic_page,
    "machines.md": machine_page,
    "kernels.md": kernel_page,
    "not-modelled.md": not_modelled_page,
}


def pages() -> dict[str, str]:
    """The text of every page, by the name of its file."""
    return {name: MADE + page().rstrip() + "\n" for name, page in PAGES.items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, content in pages().items():
        (FOLDER / file).write_text(content, encoding="utf-8")
