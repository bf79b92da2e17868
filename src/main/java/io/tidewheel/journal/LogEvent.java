package io.tidewheel.journal;

/** A fact that a core stores. Its binary form belongs to the {@link LogCodec} of its family. */
public interface LogEvent {
  /** About how many bytes the stored form takes; decides when a checkpoint is due. */
  int weight();

  /**
   * Whether a store may keep this back for a moment (a millisecond or two), to write it together
   * with other things; nobody waits for it who would notice.
   */
  default boolean mayWait() {
    return false;
  }
}
