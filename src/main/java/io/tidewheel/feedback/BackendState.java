package io.tidewheel.feedback;

import io.tidewheel.journal.LogState;
import org.jspecify.annotations.Nullable;

/** What is stored about one backend. Never leaves its actor. */
final class BackendState implements LogState<BackendEvent> {
  private BackendEvent.@Nullable Setup setup;
  private long changeCount;

  @Override
  public void apply(BackendEvent event) {
    setup = ((BackendEvent.Changed) event).setup();
    changeCount++;
  }

  /** Changes so far. */
  @Override
  public long position() {
    return changeCount;
  }

  static BackendState of(long changeCount, BackendEvent.@Nullable Setup setup) {
    BackendState state = new BackendState();
    state.changeCount = changeCount;
    state.setup = setup;
    return state;
  }

  BackendEvent.Setup setup() {
    return setup == null ? BackendEvent.Setup.NONE : setup;
  }
}
