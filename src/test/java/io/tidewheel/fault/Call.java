package io.tidewheel.fault;

/**
 * A message that was published, with what became of it. Times are of the monotonic clock, in
 * nanoseconds.
 *
 * @param boundTo the queue its key or id belongs to; -1 if it has neither
 * @param broker the first try went there
 * @param storedIn the queue that has it; -1 if it was not acknowledged
 * @param status of the last answer; 0 if there was none
 */
record Call(
    CallKind kind,
    int boundTo,
    int broker,
    long startNanos,
    long endNanos,
    boolean isFirstTryOk,
    boolean isOk,
    int storedIn,
    int status) {}
