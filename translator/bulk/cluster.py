"""
Find a Ray cluster, see that its hosts have what this process has, and notice when its head is gone.

Where Ray itself would wait for long, end this process or say something else, it is asked before.
"""

from __future__ import annotations

import logging
import re
import socket
import time
import warnings
from collections.abc import Iterable

from translator.bulk.nodes import fingerprint
from translator.errors import ConfigError, WorkerError

# What Ray reads when it is imported, and afterwards.
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # What Ray has to say of a worker that died would go to stdout, between the data.
    "RAY_DEDUP_LOGS": "1",
    "RAY_DEDUP_LOGS_SKIP_REGEX": "^",
    # Where something else answers, half a minute is enough; Ray would try it for a quarter of an hour.
    "RAY_NUM_REDIS_GET_RETRIES": "1",
    # Without a head Ray would end this process after a minute, with the exit code of findings.
    "RAY_gcs_rpc_server_reconnect_timeout_s": "3600",
}
_KNOCK_S = 10
_LOOK_S = 5
_GONE_S = 30
_ADDRESS = re.compile(r"(?P<host>[^/]+):(?P<port>[0-9]{1,5})")
_AUTO = "auto"
_INSTALL = "on every host: the same Python, and the same translator with the extra `archive`"


def connect(cluster: str) -> dict[str, int]:
    """
    Join a cluster; gives how many processors each of its hosts has, by the id of its node.

    Raises: ConfigError where it cannot be joined, or a host has another translator.
    """
    _knock(cluster)
    try:
        import daft  # noqa: PLC0415 - only where it is used
        import ray  # noqa: PLC0415 - the same
    except ImportError:
        raise ConfigError("--cluster needs Ray: pip install '.[archive]' in translator's folder") from None
    try:
        # What a worker prints stays in Ray's log there.
        ray.init(cluster, log_to_driver=False, logging_level=logging.CRITICAL, ignore_reinit_error=True)
    except ray.exceptions.AuthenticationError:
        raise _unknown_to(cluster) from None
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise _refused_by(cluster, f"{error} {error.__cause__}") from None
    nodes = {node["NodeID"]: int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]}  # type: ignore[no-untyped-call]
    processors = {node: count for node, count in nodes.items() if count}
    if not processors:
        raise ConfigError(f"{cluster}: this cluster has no processors")
    _compare_code(processors)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        daft.set_runner_ray(noop_if_initialized=True)
    return processors


def _refused_by(cluster: str, said: str) -> ConfigError:
    if "InvalidAuthToken" in said:
        return _unknown_to(cluster)
    if "ersion mismatch" in said:
        return ConfigError(f"{cluster}: this cluster has another Ray or Python than this host ({_INSTALL})")
    return _nobody_at(cluster)


def _unknown_to(cluster: str) -> ConfigError:
    wanted = "RAY_AUTH_MODE=token, and its ~/.ray/auth_token on every host"
    return ConfigError(f"{cluster}: this cluster lets in who has its token: {wanted}")


def _nobody_at(cluster: str) -> ConfigError:
    start = "`ray start --head --port 6379` starts one"
    return ConfigError(f"{cluster}: no Ray cluster answers there; look at the address and the network, or {start}")


def _knock(cluster: str) -> None:
    """See that somebody is there: Ray itself would wait for long, or begin a cluster of its own."""
    if cluster == _AUTO:
        return
    if not _ADDRESS.fullmatch(cluster):
        raise ConfigError(f"--cluster {cluster}: name the head, HOST:PORT, or `auto` on a host of the cluster")
    try:
        socket.create_connection(_place(cluster), _KNOCK_S).close()
    except (OSError, OverflowError):
        raise _nobody_at(cluster) from None


def _compare_code(processors: Iterable[str]) -> None:
    """See that every host has the translator and the Python that this process has."""
    import ray  # noqa: PLC0415 - only on a cluster
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415 - the same

    ask = ray.remote(num_cpus=0, max_retries=0)(fingerprint)
    places = [NodeAffinitySchedulingStrategy(node, soft=False) for node in processors]
    try:
        found = set(ray.get([ask.options(scheduling_strategy=place).remote() for place in places]))
    except ray.exceptions.RayError as error:
        raise ConfigError(f"a host of the cluster has no translator of this version ({_INSTALL})") from error
    if found != {fingerprint()}:
        raise ConfigError(f"a host of the cluster has another translator or Python than this one ({_INSTALL})")


class Head:
    """The head of the cluster that this process has joined."""

    def __init__(self) -> None:
        import ray  # noqa: PLC0415 - only on a cluster

        self._place = _place(ray.get_runtime_context().gcs_address)
        self._looked = self._seen = time.monotonic()

    def look(self) -> None:
        """
        See now and then that it answers.

        Raises: WorkerError where it has been gone for half a minute.
        """
        if time.monotonic() < self._looked + _LOOK_S:
            return
        try:
            socket.create_connection(self._place, 1).close()
        except OSError:
            self._looked = time.monotonic()
            if self._looked > self._seen + _GONE_S:
                raise WorkerError(f"the head of the cluster has not answered for {_GONE_S} s; start it again") from None
        else:
            self._looked = self._seen = time.monotonic()


def _place(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
