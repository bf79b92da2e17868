package io.tidewheel.monitor;

import java.util.List;

/**
 * A bound over time and what happened under it, with the oldest point first; both lists are of one
 * length. Not a number where there was no bound, or nothing is known.
 *
 * @param <K> whose it is
 */
public record Trace<K>(K of, List<Double> bound, List<Double> actual) {}
