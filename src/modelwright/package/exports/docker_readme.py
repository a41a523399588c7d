"""The README of the folder that becomes an image: one command after the other, platform by platform."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelwright.package.bundle import Version

__all__ = ["image_name", "render_readme"]


def image_name(name: str) -> str:
    """Return a name that registries take: small letters and digits, parted by single ``-``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "model"


def render_readme(name: str, project: str, version: Version, base: str) -> str:
    """Return Markdown.

    Parameters
    ----------
    name : str
        Of the model in URLs.
    project : str
        For people; any text.
    version : Version
    base : str
        Name of the base image.
    """
    manifest = version.manifest
    tag = f"{image_name(name)}:{manifest.version}"
    title = "".join(c if c.isprintable() and c not in "`<>[]" else " " for c in project)
    return f"""\
# An image that serves version {manifest.version} of `{title}`

The version is `{version.digest}`,
the server is Modelwright {manifest.made_by}. Below, put your own registry, roles and names in.

## Build

```sh
docker buildx imagetools inspect {base}
docker build --build-arg BASE={base}@sha256:DIGEST --tag {tag} .
```

The first command tells the digest. A tag may be moved to another image, a digest cannot; without `--build-arg` the tag
is taken as it is that day.
{_signature(version)}
## Run

Others reach a container, so the server wants keys. Make one where Modelwright is installed: `--print-hash` keeps
nothing there, and prints the key and, below it, what the server is given.

```sh
modelwright keys add PROJECT --name shop --print-hash
docker run --rm --publish 127.0.0.1:8080:8080 --env MODELWRIGHT_API_KEYS='SECOND LINE' \\
  --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges {tag}
curl --header 'X-API-Key: FIRST LINE' http://localhost:8080/v2/models/{name}
```

Every option of `modelwright serve` is a variable too: `--workers 2` is `MODELWRIGHT_SERVE_WORKERS=2`. Where something
in front asks who is calling, as SageMaker, Vertex AI and Azure ML do, `MODELWRIGHT_SERVE_INSECURE=1` stands for keys:
the server then answers everybody who reaches its port.

The image holds one version and keeps no log, unless it is told where. With a project mounted the server follows its
champion and logs there:

```sh
docker run --user "$(id -u):$(id -g)" --volume /srv/LOG:/log --env MODELWRIGHT_SERVE_LOG_TO=/log … {tag}
docker run --user "$(id -u):$(id -g)" --volume /srv/PROJECT:/project --env MODEL_DIR=/project … {tag}
```

Any number of containers may share the folder of a log. `predictions.key` in it is what hashes are made with: who is
given the log is not to have it.

## Platforms

| | asks | to set |
|---|---|---|
| Kubernetes | `/livez`, `/readyz`, `/metrics` | `MODELWRIGHT_API_KEYS` from a Secret; `readOnlyRootFilesystem` |
| KServe | `/v2/models/{name}/infer`, `/v1/models/{name}:predict` | a container of the predictor, port 8080 |
| SageMaker | `/ping`, `/invocations`, `/execution-parameters` | `Environment`: `MODELWRIGHT_SERVE_INSECURE=1` |
| Vertex AI | `AIP_HEALTH_ROUTE`, `AIP_PREDICT_ROUTE` | `--container-env-vars MODELWRIGHT_SERVE_INSECURE=1` |
| Azure ML | `/livez`, `/readyz`, `/score`, port 8080 | `environment_variables`: `MODELWRIGHT_SERVE_INSECURE: "1"` |

SageMaker runs the image with the argument `serve`, which its entry point takes. AWS expects containers to run as root;
where permissions fail there, build a variant with `USER 0` in the Dockerfile.
"""


def _signature(version: Version) -> str:
    if not (version.folder / "model.sig").is_file():
        return ""
    return """
The version is signed. Check it before you build, with the public key of who signed it:

```sh
modelwright verify model --public-key KEY.pub
```
"""
