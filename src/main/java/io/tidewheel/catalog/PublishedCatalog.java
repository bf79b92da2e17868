package io.tidewheel.catalog;

/**
 * The newest snapshot a node's view has, for every thread of the node. Written by the view alone.
 */
public final class PublishedCatalog {
  private volatile CatalogSnapshot snapshot = CatalogSnapshot.EMPTY;
  private volatile Runnable listener = () -> {};

  /** Never blocks. */
  public CatalogSnapshot get() {
    return snapshot;
  }

  /**
   * What is run after each newer snapshot, on the view's thread, so it must not block; in place of
   * what was given before.
   */
  public void onChange(Runnable newListener) {
    listener = newListener;
  }

  void set(CatalogSnapshot newer) {
    snapshot = newer;
    listener.run();
  }
}
