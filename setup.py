# SPDX-License-Identifier: GPL-2.0-only
"""kernel_port: Linux's bus and slot reset series of 2013, in Python."""

import re
import shutil
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


class BuildWithLessons(build_py):
    """Builds the package with the texts that it shows: they are in docs/, where one who browses looks for them."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            texts = [ROOT / "docs" / "glossary.md", *(ROOT / "docs" / "lessons").glob("*.md")]
            for path in texts:
                target = Path(self.build_lib, "kernel_port", path.relative_to(ROOT))
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)


version = re.search(r'__version__ = "(.+)"', (ROOT / "kernel_port" / "__init__.py").read_text(encoding="utf-8"))
assert version is not None


def index_page() -> str:
    """Return README.md for a package index, which has none of the files that it shows or leads to."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    text = re.sub(r"^!\[.*\]\(.*\)\n\n", "", text, flags=re.MULTILINE)
    return re.sub(r"\[([^]]+)\]\((?!https?:)[^)]*\)", r"\1", text)


setup(
    name="kernel_port",
    version=version[1],
    description="A kernel-patch-faithful port of the 2013 series 'pci: bus and slot reset interface'",
    long_description=index_page(),
    long_description_content_type="text/markdown",
    license_expression="GPL-2.0-only",
    license_files=["LICENSE"],
    keywords=["PCI", "PCI Express", "reset", "hotplug", "Linux kernel", "ECAM"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Education",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: C",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: System :: Hardware",
        "Topic :: System :: Operating System Kernels :: Linux",
        "Typing :: Typed",
    ],
    packages=find_packages(include=["kernel_port", "kernel_port.*"]),
    package_data={
        "kernel_port": [
            "py.typed",
            "*.pyi",
            "images/examples/*.toml",
            "review/pages/*.css",
            "review/pages/*.js",
            "exercises/data/*.xz",
            "exercises/solutions/*.toml",
        ],
    },
    python_requires=">=3.11",
    install_requires=["cffi>=1.15"],
    extras_require={
        "test": ["pytest>=7", "pytest-cov"],
        "browser": ["selenium>=4.10", "axe-playwright-python>=0.1.8"],  # of the latter only axe.min.js
        "docs": ["mkdocs>=1.6"],
        "dask": ["distributed>=2023.1"],
        "fuzz": ["hypothesis>=6.60"],
        "highlight": ["pygments>=2.10"],
        "lint": ["mypy==2.4.1", "ruff==0.17.6"],  # pinned: what is well formed depends on the version
        "notebook": ["ipython>=8", "ipykernel>=6", "nbclient>=0.7"],
        "mutation": ["cosmic-ray>=8.3"],
        "parallel": ["pytest-xdist>=3"],
    },
    entry_points={"console_scripts": ["kernel-port = kernel_port.cli:main"]},
    cmdclass={"build_py": BuildWithLessons},
    cffi_modules=["c_shims/build.py:ffibuilder"],
    ext_modules=[
        Extension(
            "kernel_port._stack",
            ["c_shims/stack.c"],
            extra_compile_args=["-std=gnu11", "-O2", "-Wall", "-Wextra"],
            optional=True,  # kernel_port/kernel/stack.py has the same in Python
        )
    ],
    zip_safe=False,
)
