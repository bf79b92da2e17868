package io.tidewheel.journal;

/** A fact that a core stores. Its binary form belongs to the {@link LogCodec} of its family. */
public interface LogEvent {
  /** About how many bytes the stored form takes; decides when a checkpoint is due. */
  int weight();
}
