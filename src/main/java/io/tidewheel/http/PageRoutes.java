package io.tidewheel.http;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.HttpCharsets;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.util.ByteString;
import io.tidewheel.cluster.ClusterStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The page of the monitor: a fixed set of files, read once when the node starts, so that no path of
 * a request ever becomes a path of a file. The browser is told to load nothing else, and to reach
 * nothing but this broker. A worker of the page looks for other members when this one is gone; it
 * may reach those that are members when it begins, and the page starts one anew when others are.
 */
final class PageRoutes {
  private static final String POLICY_HEADER = "Content-Security-Policy";

  static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
          + " connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none';"
          + " frame-ancestors 'none'";

  /** The worker, the only one that looks further than its broker. */
  private static final String REACH = "reach.js";

  static final List<String> FILES =
      List.of(
          "actions.js",
          "api.js",
          "chart.js",
          "dom.js",
          "feedback.js",
          "format.js",
          "live.js",
          "mark.svg",
          "members.js",
          "messages.js",
          "move.js",
          "overview.js",
          "page.css",
          "page.js",
          REACH,
          "table.js",
          "topic.js",
          "topics.js");

  private static final String INDEX = "index.html";

  /** Nothing that could end a policy, or begin another one. */
  private static final Pattern ORIGIN = Pattern.compile("https?://[A-Za-z0-9.:\\[\\]_-]+");

  private final Supplier<CompletionStage<ClusterStatus>> cluster;
  private final Map<String, HttpResponse> files = new HashMap<>();
  private final HttpResponse index;
  private final HttpResponse reach;

  PageRoutes(Supplier<CompletionStage<ClusterStatus>> cluster) {
    this.cluster = cluster;
    this.index = Responses.with(response(INDEX), POLICY_HEADER, POLICY);
    this.reach = response(REACH);
    FILES.forEach(name -> files.put(name, Responses.with(response(name), POLICY_HEADER, POLICY)));
  }

  Answer index() {
    return Answer.of(index);
  }

  static String policy(ClusterStatus status) {
    String others =
        status.members().stream()
            .filter(member -> !member.node().equals(status.node()))
            .map(ClusterStatus.MemberStatus::url)
            .filter(url -> url != null && ORIGIN.matcher(url).matches())
            .map(url -> ' ' + url)
            .collect(Collectors.joining());
    return POLICY.replace("connect-src 'self'", "connect-src 'self'" + others);
  }

  CompletionStage<Answer> file(Call call) {
    HttpResponse known = files.get(call.tail().get(0));
    if (known == null) {
      throw Router.notFound();
    }
    if (!call.tail().get(0).equals(REACH)) {
      return CompletableFuture.completedFuture(Answer.of(known));
    }
    return cluster
        .get()
        .thenApply(status -> Answer.of(Responses.with(reach, POLICY_HEADER, policy(status))));
  }

  private static HttpResponse response(String name) {
    HttpResponse response =
        Responses.bytes(200, type(name), ByteString.fromArrayUnsafe(read(name)));
    // Another version of the broker has another page under the same names.
    response = Responses.with(response, "Cache-Control", "no-cache");
    return Responses.with(response, "Referrer-Policy", "no-referrer");
  }

  private static ContentType type(String name) {
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "html" -> MediaTypes.TEXT_HTML.toContentType(HttpCharsets.UTF_8);
      case "css" -> MediaTypes.TEXT_CSS.toContentType(HttpCharsets.UTF_8);
      case "js" ->
          MediaTypes.applicationWithOpenCharset("javascript").toContentType(HttpCharsets.UTF_8);
      case "svg" -> MediaTypes.IMAGE_SVG_XML.toContentType();
      default -> throw new IllegalStateException("a file of no known type: " + name);
    };
  }

  static byte[] read(String name) {
    try (InputStream in = PageRoutes.class.getResourceAsStream("page/" + name)) {
      if (in == null) {
        throw new IllegalStateException("the distribution has no page/" + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
