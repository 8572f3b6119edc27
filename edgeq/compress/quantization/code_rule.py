"""How the range of one activation becomes codes: the preset's rule as the options of the activation change it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgeq.errors import InputError
from edgeq.scheme.activation_codes import ActivationCodes, activation_codes
from edgeq.scheme.presets import Preset


@dataclass(frozen=True)
class CodeRule:
    """Bits and preset of an activation called ``where``; ``is_input`` tells that it is an input of the network."""

    bits: int
    rules: Preset
    where: str
    is_input: bool = False

    def codes(self, lo: float, hi: float) -> ActivationCodes:
        """Return the codes of a range; raises CalibrationError for one that gives no usable scale."""
        return activation_codes((lo, hi), self.bits, self.rules, self.where, is_input=self.is_input)

    def changed(self, symmetric: bool, power_of_two: bool) -> CodeRule:
        """Return the rule with codes around zero, with scales that are powers of two, or both."""
        rule = self.rules.activations
        if (symmetric or power_of_two) and (rule.codes == "offset" or rule.scale == "fixed"):
            raise InputError(
                f"{self.where}: preset {self.rules.name} has codes of its own; leave symmetric and power_of_two out")
        if symmetric:
            rule = replace(rule, codes="symmetric")
        if power_of_two:
            rule = replace(rule, scale="power_of_two")
        return replace(self, rules=replace(self.rules, activations=rule))

    def around_zero(self) -> bool:
        """Tell whether only the larger end of a range counts."""
        return self.codes(-0.5, 1.0) == self.codes(-1.0, 1.0)
