# SPDX-License-Identifier: MIT
"""Find and read experiment files; all mistakes of all files are reported together, with their positions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sweep import standard_input
from sweep.config import shipped
from sweep.config.library import BUILT_IN
from sweep.errors import ConfigError
from sweep.storage.home import expanded
from sweep.yamltree import source
from sweep.yamltree import tree as yaml_tree
from sweep.yamltree.source import Mistake, Node, unknown

from . import relations
from .experiment import Experiment
from .forms import SEE, DefaultsForm, ExperimentForm, formed
from .free import free_parameters, used_once
from .origins import chosen
from .points import lay_out
from .references import MOST_KNOWN, References
from .rows import entries, row, series

SHIPPED = BUILT_IN / "experiments"

T = TypeVar("T")


def find(paths: Sequence[Path]) -> list[Path]:
    """The experiment files of files, folders and names; the shipped ones if nothing is named.

    Those of a folder are sorted; "v01" is the experiment of that name that comes with sweep, unless it is a path here.
    Errors: ConfigError for a folder without any, and for what is neither path nor name.
    """
    file_by_resolved: dict[Path, Path] = {}  # a file that is named twice, by whatever way, is one experiment
    for path in map(expanded, paths or [SHIPPED]):
        files = sorted(path.glob("*.yaml")) if path.is_dir() else [_located(path)]
        if not files:
            raise ConfigError(f'"{path}" has no experiment file: no *.yaml in it\n  see: {SEE}')
        for file in files:
            file_by_resolved.setdefault(file.resolve(), file)
    return list(file_by_resolved.values())


def _located(path: Path) -> Path:
    try:
        return shipped.located(path, "experiments")
    except Mistake as mistake:
        raise mistake.error() from None


def read_all(paths: Sequence[Path]) -> list[Experiment]:
    """Read experiment files; each is checked alone, against the others, and with those that it takes values from.

    Errors: ConfigError with the mistakes of all files.
    """
    experiments, texts = [], []
    for path in paths:
        try:
            experiments.append(read(path))
        except ConfigError as error:
            texts.append(str(error))
    gathered = _Gathered()
    _named_once(experiments, gathered)
    _origins(experiments, gathered)
    if gathered.mistakes:
        texts.append(str(source.combined_error(gathered.mistakes)))
    if texts:
        raise ConfigError("\n".join(dict.fromkeys(texts)))
    return experiments


def read(path: Path) -> Experiment:
    """One experiment file.  Errors: ConfigError."""
    gathered = _Gathered()
    try:
        tree = yaml_tree.read(path)
        if tree.is_null:
            raise Mistake(tree.place, "is empty; an experiment file has at least a title, a source and rows.", see=SEE)
        try:
            form = formed(ExperimentForm, tree)
        except Mistake as mistake:
            if tree.pairs is not None:  # the rows can be read all the same
                _rows(_usual(tree), tree.pairs, gathered)
            raise mistake
        experiment = _checked(path, form, tree, gathered)
        if experiment is None or gathered.mistakes:
            raise source.combined_error(gathered.mistakes)
        return experiment.with_sweep(lay_out(experiment, tree))
    except Mistake as mistake:
        raise source.combined_error([*gathered.mistakes, mistake, *mistake.also]) from None


class _Gathered:
    """Collects mistakes, so that all of them are reported at once."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Keeps a Mistake raised in the block, which ends the block only."""
        try:
            yield
        except Mistake as mistake:
            self.mistakes += [mistake, *mistake.also]


def _named_once(experiments: Sequence[Experiment], gather: _Gathered) -> None:
    """Check that no two experiments have the same name, which identifies their results."""
    taken: dict[str, Experiment] = {}
    for each in experiments:
        first = taken.setdefault(each.name, each)
        if first is not each:
            with gather():
                text = (
                    f'the name "{each.name}" is also that of the experiment at {first.place}: give one of them another.'
                )
                raise Mistake(each.place, text)


def _origins(experiments: Sequence[Experiment], gather: _Gathered) -> None:
    """Check that each value taken "from" another file exists there exactly once."""
    experiment_by_path = {each.path.resolve(): each for each in experiments}
    for each in experiments:
        for free in each.free:
            if free.origin is None:
                continue
            with gather():
                other_file = experiment_by_path.get(free.origin.resolve())
                if other_file is None:
                    try:
                        other_file = experiment_by_path[free.origin.resolve()] = read(free.origin)
                    except ConfigError as error:
                        raise Mistake(free.place, f'from "{free.origin}", which has mistakes:\n{error}') from None
                chosen(free, other_file)


def _usual(tree: Node) -> DefaultsForm:
    """Defaults for rows of a file with mistakes at its top level; invalid ones are replaced by placeholders."""
    pairs, valid_values = tree.pairs or {}, {}
    stand_in = {"predict": "ring", "unit": "count", "within": "0", "noise": "0", "mechanism": "other"}
    for name in DefaultsForm.model_fields:
        if name in pairs:
            single_key = Node(tree.place, pairs={name: pairs[name]}, keys={name: tree.keys[name]})
            try:
                valid_values[name] = getattr(formed(DefaultsForm, single_key), name)
            except Mistake:
                valid_values[name] = getattr(
                    formed(DefaultsForm, Node(tree.place, pairs={name: Node(tree.place, stand_in[name])})), name
                )
    return DefaultsForm.model_construct(**{**dict.fromkeys(DefaultsForm.model_fields), **valid_values})


def _checked(path: Path, form: ExperimentForm, tree: Node, gather: _Gathered) -> Experiment | None:
    """The experiment without its sweep; mistakes are gathered.  None if its rows have mistakes."""
    pairs = tree.mapping("an experiment file")
    known = _rows(form, pairs, gather)
    if gather.mistakes:  # what refers to rows cannot be judged where a row is wrong
        return None
    free = []
    with gather():
        free = free_parameters(pairs, known, path.parent, gather)
    if not gather.mistakes:
        with gather():
            used_once(free, known)
    experiment = Experiment(
        path=path,
        name=form.name or (standard_input.NAME if standard_input.is_meant(path) else path.stem),
        place=pairs["name"].place if form.name else tree.place,
        title=form.title,
        source=form.source,
        grade=form.grade or "",
        about=form.about,
        setup=pairs["setup"].written().strip("{}") if "setup" in pairs else "",
        rows=tuple(known.rows),
        series=known.series,
        free=tuple(free),
        ratios=tuple(ratio for found in _all(pairs, "ratios", known, gather, relations.ratios) for ratio in found),
        shapes=tuple(_all(pairs, "shapes", known, gather, relations.shape)),
        identities=tuple(_all(pairs, "identities", known, gather, lambda node, _: relations.identity(node))),
        not_predicted=tuple(_all(pairs, "not_predicted", known, gather, lambda node, _: relations.not_predicted(node))),
        explained=form.explained,
    )
    for name in form.explained:
        with gather():
            if name not in (*known.taken, *(ratio.id for ratio in experiment.ratios)):
                raise unknown(pairs["explained"].keys[name], "explained: the id", name, tuple(known.taken)[:MOST_KNOWN])
    if not gather.mistakes and not (known.rows or experiment.identities or experiment.not_predicted):
        raise Mistake(tree.place, "has no rows: nothing was measured.", see=SEE)
    return experiment


def _rows(usual: DefaultsForm, pairs: Mapping[str, Node], gather: _Gathered) -> References:
    """The rows and series of a file; their mistakes are gathered."""
    known = References()
    with gather():
        for node in entries(pairs, "rows"):
            with gather():
                new_row = row(node, usual)
                known.take(new_row.id, node.place)
                known.rows.append(new_row)
    with gather():
        for node in entries(pairs, "series"):
            with gather():
                _series(node, usual, known)
    return known


def _series(node: Node, form: DefaultsForm, known: References) -> None:
    new_series, rows = series(node, form, len(known.rows))
    known.take(new_series.id, node.place)
    for each in rows:
        known.take(each.id, each.place)
    known.series[new_series.id] = new_series
    known.rows += rows


def _all(
    pairs: Mapping[str, Node], key: str, known: References, gather: _Gathered, make: Callable[[Node, References], T]
) -> list[T]:
    """`make` applied to each entry of a list, whose ids are registered; mistakes are gathered."""
    made_all = []
    with gather():
        for node in entries(pairs, key):
            with gather():
                new_value = make(node, known)
                known.take(node.mapping(key)["id"].text, node.place)
                made_all.append(new_value)
    return made_all
