/** Shields the empty test from the project's own settings. */
export default {};
