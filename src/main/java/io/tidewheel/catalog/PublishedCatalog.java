package io.tidewheel.catalog;

/**
 * The newest snapshot a node's view has, for every thread of the node. Written by the view alone.
 */
public final class PublishedCatalog {
  private volatile CatalogSnapshot snapshot = CatalogSnapshot.EMPTY;

  /** Never blocks. */
  public CatalogSnapshot get() {
    return snapshot;
  }

  void set(CatalogSnapshot newer) {
    snapshot = newer;
  }
}
