"""From a scoring plan to an ONNX model: inputs, views, members, the weighted mean. Calibration stays outside.

A calibrator with steps would turn a difference in the last digit into one that everybody sees, and its few lines are
as quickly written in any language; so the graph ends where `Plan.uncalibrated` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from modelwright.errors import BundleError
from modelwright.package.exports.onnx.graph import CONTRIB, IR_VERSION, OPSETS, Graph, Inexpressible
from modelwright.package.exports.onnx.inputs import Input, Sources, inputs_of
from modelwright.package.exports.onnx.ops import convert_op
from modelwright.package.exports.onnx.scorers import EXACT, TOLERANCES, Cuts, Site, convert_scorer
from modelwright.runtime.op import Op
from modelwright.runtime.plan import Plan, PlanMember
from modelwright.runtime.transform import TargetTransform
from modelwright.runtime.views import ViewPlan

__all__ = ["OUTPUT", "Converted", "convert", "member_alone"]

OUTPUT = "uncalibrated"
MOST_BYTES = (1 << 31) - (1 << 20)
"""A protocol buffer ends at 2 GiB (https://protobuf.dev/programming-guides/encoding/#size-limit)."""

_LARGEST_LOG = 709.0  # as in `modelwright.runtime.transform`: beyond it the way back leaves float64


@dataclass(frozen=True, kw_only=True, eq=False)
class Converted:
    """A plan as a graph.

    Attributes
    ----------
    model : bytes
    inputs : tuple of Input
    output : str
        Its name: a double tensor of shape (rows, n_outputs).
    domains : tuple of str
        Sets of operators beside the standard's own that a runtime must have.
    tolerance : float
        By how much it may differ from the plan.
    cuts : Cuts
    """

    model: bytes
    inputs: tuple[Input, ...]
    output: str
    domains: tuple[str, ...]
    tolerance: float
    cuts: Cuts = field(default_factory=dict)


def convert(plan: Plan) -> Converted:
    """Return the plan as a graph.

    Raises
    ------
    BundleError
        A part of it cannot be expressed; the part is named, with the reason (MW-B601).
    """
    inputs = inputs_of(plan)
    names = {one.name for one in inputs}
    output = OUTPUT
    while output in names:
        output += "'"
    graph = Graph({*names, output})
    matrices = {key: _view(graph, view, Sources(inputs)) for key, view in plan.views.items()}
    cuts: Cuts = {}
    terms = [_member(graph, plan, member, matrices, cuts) for member in plan.members]
    total = terms[0]
    for term in terms[1:]:
        total = graph.add("Add", total, term)
    graph.give(total, output)
    return Converted(
        model=_model(graph, inputs, output, plan.n_outputs),
        inputs=inputs,
        output=output,
        domains=tuple(sorted(graph.domains - {""})),
        tolerance=max(TOLERANCES.get(member.scorer.scorer, EXACT) for member in plan.members),
        cuts=cuts,
    )


def member_alone(plan: Plan, member: PlanMember) -> Plan:
    """Return the plan of one member, to see what it answers by itself."""
    view = plan.views[member.view]
    return replace(
        plan,
        contract=plan.contract.only(view.inputs),
        views={member.view: view},
        members=(replace(member, weight=1.0),),
        calibrator=None,
        by_group=None,
    )


def _view(graph: Graph, view: ViewPlan, sources: Sources) -> str:
    return graph.concat([_op(graph, op, sources) for op in view.ops])


def _op(graph: Graph, op: Op, sources: Sources) -> str:
    try:
        return convert_op(graph, op, sources)
    except Inexpressible as error:
        raise _refused(f"what is made of the column '{op.inputs[0]}'", str(error)) from error


def _member(graph: Graph, plan: Plan, member: PlanMember, matrices: dict[str, str], cuts: Cuts) -> str:
    site = Site(graph=graph, view=plan.views[member.view], matrix=matrices[member.view])
    try:
        answer = convert_scorer(site, member.scorer)
    except Inexpressible as error:
        raise _refused(f"the model '{member.name}'", str(error)) from error
    known = cuts.setdefault(member.view, {})
    for feature, values in site.cuts.items():
        known[feature] = np.unique(np.concatenate([known.get(feature, np.empty(0)), *values]))
    if not plan.transform.plain:
        answer = _back(graph, answer, plan.transform)
    return graph.add("Mul", answer, graph.constant([member.weight]))


def _back(graph: Graph, answer: str, transform: TargetTransform) -> str:
    """Undo the transform of the target, see `TargetTransform.inverse`."""
    if transform.name == "log1p":
        power = graph.add("Exp", graph.clip(answer, [-np.inf], [_LARGEST_LOG]))
        answer = graph.add("Sub", power, graph.constant([1.0]))
    elif transform.name != "identity":
        raise Inexpressible(f"the transform '{transform.name}' of the target is none that this export knows")
    low = -np.inf if transform.low is None else transform.low
    high = np.inf if transform.high is None else transform.high
    return graph.clip(answer, [low], [high])


def _model(graph: Graph, inputs: tuple[Input, ...], output: str, n_outputs: int) -> bytes:
    from onnx import TensorProto, helper

    types = {"double": TensorProto.DOUBLE, "string": TensorProto.STRING}
    made = helper.make_graph(
        graph.nodes,
        "scoring plan",
        [helper.make_tensor_value_info(one.name, types[one.type], ["rows", 1]) for one in inputs],
        [helper.make_tensor_value_info(output, TensorProto.DOUBLE, ["rows", n_outputs])],
        graph.initializers,
    )
    opsets = {**OPSETS, CONTRIB: 1}
    used = [helper.make_opsetid(domain, opsets[domain]) for domain in ("", *sorted(graph.domains - {""}))]
    model: Any = helper.make_model(made, opset_imports=used, ir_version=IR_VERSION, producer_name="modelwright")
    size = model.ByteSize()
    if size > MOST_BYTES:
        raise _refused("the plan", f"it takes {size / 1e9:.1f} GB, the format holds 2")
    return model.SerializeToString()


def _refused(part: str, why: str) -> BundleError:
    return BundleError(
        f"{part} cannot be exported: {why}",
        fix="train without it (a brief can name the learners and drop columns), or serve the version itself",
        code="MW-B601",
    )
