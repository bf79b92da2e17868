/**
 * The crash test: a real broker process is killed while it is used at full speed, started again on
 * the same data, and every answer it ever gave is held against what it does later.
 *
 * <p>{@code bin/crash-test} runs {@link io.tidewheel.crash.CrashTest}. The checker is a plain class
 * with its own test; it must go red on planted violations.
 */
package io.tidewheel.crash;
