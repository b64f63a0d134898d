"""One thread per numeric library: more of them cost hundreds of times the work on a busy box."""

import os

_SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}


def use_one_thread() -> None:
    """Set the thread variables that are not set yet; works only before numpy, TensorFlow and OpenMP load."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
