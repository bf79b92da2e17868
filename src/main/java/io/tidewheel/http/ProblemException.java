package io.tidewheel.http;

/** Carries a problem from where it is found to where it is answered. Has no stack trace. */
final class ProblemException extends RuntimeException {
  private final Problem problem;

  ProblemException(Problem problem) {
    super(problem.detail(), null, false, false);
    this.problem = problem;
  }

  Problem problem() {
    return problem;
  }
}
