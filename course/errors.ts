/**
 * Wrong use: what was wrong, where, and the command that would be right, in one or two lines. The
 * command line ends with exit code 2.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A file of the course itself is wrong. Names the file and the field; for authors. */
export class CourseError extends Error {
  override readonly name = 'CourseError';
}
