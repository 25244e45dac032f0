// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel_port._stack: which kernel code runs now. Every event of a trace asks for it, and a loop over frames in Python
 * takes as long as everything else about a reset together.
 *
 * It is an extension of its own because cffi deals in C values: a function that it calls sees no Python objects, and the
 * answer here is a tuple of code objects, found in the frames of the caller. It needs CPython, whose frames these are,
 * where _shims builds for any Python that has cffi; so it is optional, and kernel_port/kernel/stack.py does the same in
 * Python where it is missing.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* A machine 255 bridges deep has three frames to each, and every one of them reads registers. */
enum { DEPTH = 32 };

static int is_kernel(PyFrameObject *frame, PyObject *symtab)
{
	PyObject *globals = PyFrame_GetGlobals(frame);

	Py_DECREF(globals);
	return globals == symtab;
}

/* The next frame outwards, in exchange for this one. */
static PyFrameObject *outwards(PyFrameObject *frame)
{
	PyFrameObject *back = PyFrame_GetBack(frame);

	Py_DECREF(frame);
	return back;
}

static PyObject *kernel_stack(PyObject *module, PyObject *symtab)
{
	PyFrameObject *frame = PyThreadState_GetFrame(PyThreadState_Get());
	PyObject *found[2 * DEPTH], *stack = NULL;
	Py_ssize_t count = 0;

	(void)module;
	while (frame && !is_kernel(frame, symtab))
		frame = outwards(frame);

	for (; frame && count < 2 * DEPTH && is_kernel(frame, symtab); frame = outwards(frame)) {
		found[count++] = (PyObject *)PyFrame_GetCode(frame);
		found[count] = PyLong_FromLong(PyFrame_GetLasti(frame));
		if (!found[count])
			goto out;
		count++;
	}

	stack = PyTuple_New(count);
	while (stack && count) {
		count--;
		PyTuple_SET_ITEM(stack, count, found[count]);
	}
out:
	while (count)
		Py_DECREF(found[--count]);
	Py_XDECREF(frame);
	return stack;
}

static PyMethodDef methods[] = {
	{ "kernel_stack", kernel_stack, METH_O,
	  PyDoc_STR("The frames from the innermost with these globals outwards, up to the first that has others: a tuple\n"
		    "code, index of its last instruction, code, index, ... Of a deep stack the outermost are cut off.") },
	{ 0 },
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "kernel_port._stack",
	.m_doc = PyDoc_STR("Which kernel code runs now (c_shims/stack.c)."),
	.m_methods = methods,
};

PyMODINIT_FUNC PyInit__stack(void);

PyMODINIT_FUNC PyInit__stack(void)
{
	return PyModule_Create(&definition);
}
