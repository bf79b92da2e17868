package io.tidewheel.subscription;

/**
 * Who settled a message, for the pull log. Longer texts are cut, so that a record of settling stays
 * small.
 *
 * @param name of the worker; empty if it gave none
 * @param version of its code; empty if it gave none
 */
record WorkerName(String name, String version) {
  static final int MAX_CHARS = 64;
  static final WorkerName NONE = new WorkerName("", "");

  static WorkerName of(String name, String version) {
    return name.isEmpty() && version.isEmpty()
        ? NONE
        : new WorkerName(Attempt.cut(name, MAX_CHARS), Attempt.cut(version, MAX_CHARS));
  }
}
