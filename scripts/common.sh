# Sourced by every script: strict shell, the project's root as working directory, one thread per numeric library.
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$ROOT"
export ROOT
# More threads than free cores make one sentence up to 50 times slower; we scale by processes.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1
export TOKENIZERS_PARALLELISM=false TF_CPP_MIN_LOG_LEVEL="${TF_CPP_MIN_LOG_LEVEL:-2}"
export PYTHONUNBUFFERED=1 RASA_TELEMETRY_ENABLED=false

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# Where to get packages from, as this machine's pip is set up; uv reads none of pip's settings by itself.
package_sources() {
    local value
    if [ -z "${UV_FIND_LINKS:-}" ]; then
        value="${PIP_FIND_LINKS:-$("$1" -m pip config get global.find-links 2>/dev/null || true)}"
        [ -z "$value" ] || export UV_FIND_LINKS="$value"
    fi
    if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        value="${PIP_INDEX_URL:-$("$1" -m pip config get global.index-url 2>/dev/null || true)}"
        [ -z "$value" ] || export UV_DEFAULT_INDEX="$value"
    fi
    if [ -z "${SSL_CERT_FILE:-}" ]; then
        value="${PIP_CERT:-$("$1" -m pip config get global.cert 2>/dev/null || true)}"
        [ -z "$value" ] || export SSL_CERT_FILE="$value"
    fi
    export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-180}" UV_NO_PROGRESS=1
}

# Does a folder of find-links hold PyTorch's CPU build?
cpu_torch_at_hand() { compgen -G "${UV_FIND_LINKS:-/nonexistent}/torch-*+cpu-*" >/dev/null; }
