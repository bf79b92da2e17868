package io.tidewheel.journal;

import io.tidewheel.journal.FencedLog.CheckpointPolicy;
import io.tidewheel.journal.FencedLog.Ownership;
import java.util.concurrent.Semaphore;

/** Ownerships for tests whose log nobody else can write. */
public final class Ownerships {
  private Ownerships() {}

  /** Into the default plugins, with epochs that are counted. */
  public static Ownership counted(String node, Fence fence, CheckpointPolicy checkpoints) {
    return new Ownership(
        node,
        fence,
        checkpoints,
        LogPlugins.DEFAULT,
        epoch -> epoch + 1,
        new StoreTrouble(System::nanoTime),
        new Semaphore(1));
  }
}
