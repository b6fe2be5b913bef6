"""Build the Python package `oms` (and `buf.validate`) from the .proto files.

Generated code is never committed: this runs when the project is installed (as a hatchling hook), and on
`make protos`. It needs no network: protoc comes with grpcio-tools, google's protos with
googleapis-common-protos, and buf/validate/validate.proto is rebuilt from the descriptor inside protovalidate.
"""

import importlib.resources
import shutil
import subprocess
import sys
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PROTOS = Path(__file__).resolve().parent
GENERATED = PROTOS.parent / "gen"


class ProtoBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Generate the code before hatchling collects files, for wheels and for editable installs alike."""

    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        generate(GENERATED)
        if version == "standard":
            # An editable install finds them in gen/ itself (dev-mode-dirs); a copy would hide later changes.
            build_data["force_include"] = {str(GENERATED / name): name for name in ("oms", "buf")}


def generate(out: Path) -> None:
    """Write modules, type stubs and gRPC stubs below `out`, and the descriptor set `out/oms.binpb`."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    validate = out / "validate.binpb"
    validate.write_bytes(_validate_descriptors())
    sources = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.glob("oms/**/*.proto"))
    common = [f"-I{PROTOS}", f"-I{_google_protos()}", f"--descriptor_set_in={validate}"]
    _protoc(
        *common,
        f"-I{_wellknown_protos()}",
        f"--python_out={out}",
        f"--grpc_python_out={out}",
        f"--mypy_out={out}",
        f"--mypy_grpc_out={out}",
        *sources,
    )
    _protoc(f"--descriptor_set_in={validate}", f"--python_out={out}", f"--pyi_out={out}", "buf/validate/validate.proto")
    descriptors(out / "oms.binpb", validate)
    validate.unlink()
    for folder in {path.parent for path in out.rglob("*_pb2.py")}:
        for package in (folder, *folder.parents):
            if package == out:
                break
            (package / "__init__.py").touch()
            (package / "py.typed").touch()


def descriptors(target: Path, validate: Path) -> None:
    """Write the whole API, comments included, as one FileDescriptorSet: what buf lints and compares."""
    sources = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.glob("oms/**/*.proto"))
    _protoc(
        f"-I{PROTOS}",
        f"-I{_google_protos()}",
        f"-I{_wellknown_protos()}",
        f"--descriptor_set_in={validate}",
        "--include_imports",
        "--include_source_info",
        f"--descriptor_set_out={target}",
        *sources,
    )


def _protoc(*arguments: str) -> None:
    path = Path(sys.executable).parent
    command = [sys.executable, "-m", "grpc_tools.protoc", *arguments]
    environment = {"PATH": f"{path}:/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"protoc failed:\n{done.stderr}")


def _validate_descriptors() -> bytes:
    """Return validate.proto and what it imports as a FileDescriptorSet."""
    from google.protobuf import descriptor_pb2
    from google.protobuf import duration_pb2, field_mask_pb2, timestamp_pb2
    from protovalidate._gen.buf.validate import validate_pb

    files = descriptor_pb2.FileDescriptorSet()
    for module in (descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2):
        module.DESCRIPTOR.CopyToProto(files.file.add())
    files.file.add().ParseFromString(validate_pb._DESC.proto.to_binary())
    return files.SerializeToString()


def _google_protos() -> str:
    import google.type

    return str(Path(next(iter(google.type.__path__))).parents[1])


def _wellknown_protos() -> str:
    return str(importlib.resources.files("grpc_tools") / "_proto")


if __name__ == "__main__":
    generate(GENERATED)
