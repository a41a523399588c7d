"""The one place that every request but those of health passes: host, key, scope, rate."""

from __future__ import annotations

from collections.abc import Mapping

from modelwright.errors import RequestError
from modelwright.serve.access import Access, Caller, Hosts, Scope
from modelwright.serve.rates import FAILED_KEYS, Rate, Rates, caller_of_address

__all__ = ["Guard"]

WRONG_KEY = "MW-S202"  # who sends no key does not guess one


class Guard:
    """Admits requests.

    Parameters
    ----------
    access : Access
    hosts : Hosts or None
        Looked at while nobody is asked for a key; None where others are to reach an open server (``--insecure``).
    rate : Rate or None
        Of each key, or of each address where there are no keys; None: no limit.
    failed : Rate
        Of keys that do not count, for each address. Beyond it the answer is 429; keys that count are always heard, so
        that nobody behind the same address is locked out by another.
    """

    def __init__(
        self, access: Access, *, hosts: Hosts | None = None, rate: Rate | None = None, failed: Rate = FAILED_KEYS
    ) -> None:
        self.access = access
        self._hosts = hosts
        self._rates = Rates(rate) if rate is not None else None
        self._failed = Rates(failed)

    def admit(self, method: str, headers: Mapping[str, str], peer: str, scope: Scope | None) -> Caller:
        """Return who asks, when the request may be answered.

        Parameters
        ----------
        method : str
            In capitals.
        headers : mapping of str
            Names in lower case.
        peer : str
            Address of the other end; empty where there is none (a Unix socket).
        scope : Scope or None
            What the route needs; None: nobody may use it.

        Raises
        ------
        RequestError
            401, 403, 421, 429 or 503.
        """
        try:
            caller = self.access.check(headers, scope)
        except RequestError as refused:
            if refused.code == WRONG_KEY:
                self._failed.take(caller_of_address(peer))
            raise
        if self._hosts is not None and not self.access.guarded:
            self._hosts.check(method, headers)
        if self._rates is not None:
            self._rates.take(caller.id or caller_of_address(peer))
        return caller
