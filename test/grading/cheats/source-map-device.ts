// attack: says that its source map is a device that never ends
// lesson: 1
// with: solution
// outcome: passed

//# sourceMappingURL=/dev/zero
//@ sourceMappingURL=/dev/stdin
