package io.tidewheel.catalog;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The views that watch the catalog, bounded, and how far each has been told. A view that stops, or
 * does not repeat its watch, is forgotten. Part of the catalog's actor.
 */
final class CatalogWatchers {
  private static final class Progress {
    private long sent;
    private long base;
    private int silentTicks;
  }

  private final ActorContext<Catalog.Command> context;
  private final CatalogSettings settings;
  private final Map<ActorRef<CatalogPage>, Progress> views = new LinkedHashMap<>();

  CatalogWatchers(ActorContext<Catalog.Command> context, CatalogSettings settings) {
    this.context = context;
    this.settings = settings;
  }

  /** Takes a watch; whether the view is served, and not one too many. */
  boolean onWatch(Catalog.Watch watch) {
    Progress progress = views.get(watch.replyTo());
    if (progress == null) {
      if (views.size() >= settings.maxViews()) {
        context.getLog().warn("too many views, not serving {}", watch.replyTo());
        return false;
      }
      progress = new Progress();
      views.put(watch.replyTo(), progress);
      context.watchWith(watch.replyTo(), new Catalog.ViewStopped(watch.replyTo()));
    }
    progress.silentTicks = 0;
    progress.sent = watch.since();
    progress.base = watch.base();
    return true;
  }

  void onStopped(ActorRef<CatalogPage> view) {
    views.remove(view);
  }

  /** A second has passed. */
  void onTick() {
    for (Iterator<Map.Entry<ActorRef<CatalogPage>, Progress>> all = views.entrySet().iterator();
        all.hasNext(); ) {
      Map.Entry<ActorRef<CatalogPage>, Progress> entry = all.next();
      if (++entry.getValue().silentTicks > settings.maxSilentSeconds()) {
        context.unwatch(entry.getKey());
        all.remove();
      }
    }
  }

  void pushAll(CatalogFeed feed) {
    views.forEach((view, progress) -> push(view, progress, feed));
  }

  void push(ActorRef<CatalogPage> view, CatalogFeed feed) {
    Progress progress = views.get(view);
    if (progress != null) {
      push(view, progress, feed);
    }
  }

  /** A view that knows more than the feed gets nothing: this is then an old owner. */
  private void push(ActorRef<CatalogPage> view, Progress progress, CatalogFeed feed) {
    if (progress.sent > feed.state().version()) {
      return;
    }
    CatalogPage page = feed.page(progress.sent, progress.base, settings.maxPageWeight());
    view.tell(page);
    progress.sent = page.to();
    progress.base = page.isReset() ? page.version() : Math.max(progress.base, page.to());
  }
}
