package io.tidewheel.http;

import io.tidewheel.config.TidewheelSettings;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Keeps web pages from elsewhere away from a broker that trusts its network: a page may make a
 * browser send requests to any address, but it can't choose {@code Host} and {@code Origin}.
 *
 * <p>{@code Host} must name loopback, the bound address or an allowed host; with a wildcard bind
 * any literal address is taken too, since only names can be pointed elsewhere behind a browser's
 * back. {@code Origin}, where present, must be that of the request itself or an allowed one.
 */
final class HostCheck {
  private static final Pattern LOOPBACK_V4 = Pattern.compile("127(\\.[0-9]{1,3}){3}");
  private static final Pattern LITERAL_V4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
  private static final Pattern LITERAL_V6 = Pattern.compile("\\[[0-9a-f:.]+\\]");
  private static final Pattern ORIGIN = Pattern.compile("(https?)://([^/?#@]+)");
  private static final Pattern AUTHORITY =
      Pattern.compile("(\\[[0-9a-f:.]+\\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?");

  private final Set<String> hosts = new HashSet<>();
  private final Set<String> origins = new HashSet<>();
  private final boolean isWildcard;

  /** The last good value as it came: nearly all requests come with the same. */
  private volatile String lastGood = "";

  HostCheck(TidewheelSettings.Http settings) {
    String bound = settings.host().toLowerCase(Locale.ROOT);
    isWildcard = bound.equals("0.0.0.0") || bound.equals("::") || bound.equals("[::]");
    hosts.add("localhost");
    hosts.add("[::1]");
    hosts.add(bound.contains(":") && !bound.startsWith("[") ? '[' + bound + ']' : bound);
    settings.allowedHosts().forEach(host -> hosts.add(host.toLowerCase(Locale.ROOT)));
    settings.allowedOrigins().forEach(origin -> origins.add(origin.toLowerCase(Locale.ROOT)));
  }

  /**
   * Finds out what is wrong with where a request wants to go and where it comes from.
   *
   * @param hostValues all values of {@code Host}
   * @param originValues all values of {@code Origin}
   * @return what is wrong; null if nothing is
   */
  @Nullable Problem check(List<String> hostValues, List<String> originValues) {
    if (hostValues.size() != 1) {
      return Problem.of(ProblemType.MALFORMED, "the header Host must be there once");
    }
    String given = hostValues.get(0);
    if (originValues.isEmpty() && given.equals(lastGood)) {
      return null;
    }
    String host = given.toLowerCase(Locale.ROOT);
    if (!isAllowed(host)) {
      return Problem.of(
          ProblemType.WRONG_HOST,
          "the host "
              + Problem.quote(host)
              + " is not served here; tidewheel.http.allowed-hosts lists further ones");
    }
    lastGood = given;
    if (originValues.isEmpty()) {
      return null;
    }
    String origin = originValues.get(0).toLowerCase(Locale.ROOT);
    if (originValues.size() == 1 && (isSame(origin, host) || origins.contains(origin))) {
      return null;
    }
    return Problem.of(
        ProblemType.FOREIGN_ORIGIN,
        "the origin "
            + Problem.quote(origin)
            + " may not use this broker; tidewheel.http.allowed-origins lists those that may");
  }

  private boolean isAllowed(String authority) {
    var matcher = AUTHORITY.matcher(authority);
    if (!matcher.matches()) {
      return false;
    }
    String host = matcher.group(1);
    return hosts.contains(host)
        || hosts.contains(authority)
        || LOOPBACK_V4.matcher(host).matches()
        || (isWildcard
            && (LITERAL_V4.matcher(host).matches() || LITERAL_V6.matcher(host).matches()));
  }

  private static boolean isSame(String origin, String host) {
    var matcher = ORIGIN.matcher(origin);
    if (!matcher.matches()) {
      return false;
    }
    String defaultPort = matcher.group(1).equals("https") ? ":443" : ":80";
    return withPort(matcher.group(2), defaultPort).equals(withPort(host, defaultPort));
  }

  private static String withPort(String authority, String defaultPort) {
    return authority.lastIndexOf(':') > authority.lastIndexOf(']')
        ? authority
        : authority + defaultPort;
  }
}
