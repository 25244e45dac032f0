// SPDX-License-Identifier: GPL-2.0-only
// The machine as a drawing, as it is now: a page of its own.

const recording = JSON.parse(document.getElementById("recording").textContent);
const drawing = new Topology(recording);
document.getElementById("machine").append(drawing.element);
drawing.show({ threads: {}, hardware: recording.hardware });
