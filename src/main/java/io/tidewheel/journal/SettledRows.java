package io.tidewheel.journal;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * Takes rows as a store gives them, in order of their numbers, and keeps those that are valid by
 * the chain rule; for stores that keep both rows when two writers used one number. For one thread
 * at a time.
 */
public final class SettledRows {
  private final RowChain<LogEvent> chain = RowChain.fromAnywhere();
  private final IdentityHashMap<LogRow<?>, RowReader.Row> pending = new IdentityHashMap<>();
  private final List<RowReader.Row> rows = new ArrayList<>();
  private long bytes;

  /** Nothing yet. */
  public SettledRows() {}

  /**
   * The next row.
   *
   * @throws BrokenChainException if a number is missing, or no choice of rows makes a chain
   * @throws DecodingException if it is no row of a log
   */
  @SuppressWarnings("unchecked") // Every event is a LogEvent.
  public void add(RowReader.Row row) {
    if (!(row.event() instanceof LogRow<?> event)) {
      throw new DecodingException("row " + row.seqNr() + " is no row of a log");
    }
    pending.put(event, row);
    chain.accept(row.seqNr(), (LogRow<LogEvent>) event, this::settle);
  }

  /** All rows up to a number were added; rows behind it may settle it if {@link #isInDoubt}. */
  public boolean isInDoubt() {
    return chain.isInDoubt();
  }

  /** There are no more rows, or the last number is not in doubt. */
  public void end() {
    chain.finishAsReplayed(this::settle);
  }

  private void settle(LogRow<LogEvent> valid) {
    RowReader.Row row = pending.get(valid);
    if (row == null) {
      throw new IllegalStateException("a row was settled that was not added");
    }
    rows.add(row);
    bytes += row.bytes();
    // Those that lost at this number and before it.
    pending.values().removeIf(other -> other.seqNr() <= row.seqNr());
  }

  /** What is settled so far, in order. */
  public List<RowReader.Row> rows() {
    return rows;
  }

  /** The stored bytes of what is settled. */
  public long bytes() {
    return bytes;
  }
}
