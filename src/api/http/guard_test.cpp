#include "api/http/guard.hpp"

#include <gtest/gtest.h>

namespace cairn::http {
namespace {

struct Case {
    const char* host = "127.0.0.1:5000";
    std::optional<std::string> origin = {};
    std::optional<std::string> site = {};     // Sec-Fetch-Site
    std::optional<std::string> purpose = {};  // Sec-Purpose
    std::optional<std::string> referer = {};
    const char* local = "127.0.0.1";  // where the connection came to
    bool changes = true;
    bool dev = false;
    bool secure = false;
    bool peer_socket = false;
    Method method = Method::get;
};

GuardVerdict judge(const Case& c) {
    RequestHead head;
    head.method = c.method;
    head.headers.host = c.host;
    head.headers.origin = c.origin;
    head.headers.sec_fetch_site = c.site;
    head.headers.sec_purpose = c.purpose;
    head.headers.referer = c.referer;
    if (c.method == Method::options) head.headers.access_control_request_method = "POST";
    const GuardConfig config{.hosts = {"Node.Example", "198.51.100.7", "2001:db8::7", "[fd00::7]"},
                             .cors_origins = {"https://app.example", "http://10.0.0.9:3000"},
                             .dev = c.dev};
    const Client client{
        .address = "127.0.0.1", .loopback = true, .secure = c.secure, .local = c.local};
    return guard(head, client, config,
                 {.changes = c.changes, .peer_socket = c.peer_socket, .allow = "POST, OPTIONS"});
}

unsigned status(const Case& c) {
    const auto verdict = judge(c);
    return verdict.refused ? verdict.refused->status : 200;
}

std::string header(const GuardVerdict& verdict, std::string_view name) {
    for (const Header& one : verdict.headers)
        if (one.name == name) return one.value;
    return "none";
}

TEST(Guard, HostIsAnAddressLocalhostOrANameOfTheOwners) {
    for (const char* good : {"127.0.0.1", "127.0.0.1:5000", "127.9.9.9", "[::1]", "[::1]:5000",
                             "localhost", "LOCALHOST:5000", "node.example:5000", "198.51.100.7",
                             "198.51.100.7:80", "[2001:db8::7]:5000", "[2001:DB8::7]", "[fd00::7]"})
        EXPECT_EQ(status({.host = good}), 200u) << good;
    for (const char* bad : {"evil.example",
                            "evil.example:5000",
                            "localhost.evil.example",
                            "localhost.",
                            "127.0.0.1.evil.example",
                            "2130706433",
                            "0x7f.0.0.1",
                            "127.1",
                            "017.0.0.1",
                            "[::1",
                            "[::1]x",
                            "[evil]",
                            "::1",
                            "127.0.0.1:",
                            "127.0.0.1:x",
                            "127.0.0.1:123456",
                            "a@127.0.0.1",
                            "127.0.0.1/",
                            "sub.node.example",
                            "node.example.",
                            "10.1.2.3:80",
                            "[fe80::1]",
                            "198.51.100.8",
                            "2001:db8::7"})
        EXPECT_EQ(status({.host = bad}), 421u) << bad;
}

TEST(Guard, HostMayBeTheAddressThatTheConnectionCameTo) {
    EXPECT_EQ(status({.host = "10.1.2.3:5000", .local = "10.1.2.3"}), 200u);
    EXPECT_EQ(status({.host = "10.1.2.4:5000", .local = "10.1.2.3"}), 421u);
    EXPECT_EQ(status({.host = "[fe80::1]:5000", .local = "fe80::1"}), 200u);
    EXPECT_EQ(status({.host = "10.1.2.3", .local = ""}), 421u);
}

TEST(Guard, HostIsNoAddressInDisguise) {
    // All of them lead to this machine, and browsers say nothing of themselves there.
    for (const char* bad : {"0.0.0.0",
                            "0.0.0.0:5000",
                            "0",
                            "[::]",
                            "[::]:5000",
                            "[::ffff:127.0.0.1]",
                            "[::ffff:7f00:1]",
                            "[::FFFF:127.0.0.1]:5000",
                            "[::127.0.0.1]",
                            "[0:0:0:0:0:0:0:1]",
                            "[::0001]",
                            "[0::1]",
                            "[::1%lo]",
                            "[::1%25lo]",
                            "[fe80::1%eth0]",
                            "0177.0.0.1",
                            "0x7f.0.0.1",
                            "0x7f000001",
                            "127.0.1",
                            "127.0.0.1.",
                            "[::1].",
                            "127.000.000.001",
                            "127.0.0.01",
                            "[127.0.0.1]"}) {
        EXPECT_EQ(status({.host = bad}), 421u) << bad;
        EXPECT_EQ(status({.host = bad, .changes = false}), 421u) << bad;
        EXPECT_EQ(status({.host = bad, .local = "0.0.0.0"}), 421u) << bad;
        EXPECT_EQ(status({.host = bad, .local = "::"}), 421u) << bad;
    }
}

TEST(Guard, OwnersNameWhatCanBeAHost) {
    for (const char* good : {"node.example", "Node.Example", "a", "198.51.100.7", "2001:db8::7",
                             "[2001:DB8::7]", "localhost", "127.0.0.1", "my_node", "7.example"})
        EXPECT_FALSE(flaw_of_host(good)) << good;
    for (const char* bad :
         {"", "0.0.0.0", "::", "[::]", "::ffff:10.0.0.1", "node.example:5000", "10.0.0.1:80",
          "[::1]:80", "node.example.", ".example", "http://node.example", "a b", "10.1",
          "017.0.0.1", "2130706433", "0x7f.1", "a/b", "*", "2001:0db8::7"})
        EXPECT_TRUE(flaw_of_host(bad)) << bad;
}

TEST(Guard, HostIsAskedBeforeOrigin) {
    EXPECT_EQ(status({.host = "evil.example", .origin = "http://evil.example"}), 421u);
}

TEST(Guard, OwnOriginIsTheHostItself) {
    EXPECT_EQ(status({.origin = "http://127.0.0.1:5000"}), 200u);
    EXPECT_EQ(status({.host = "localhost", .origin = "http://localhost"}), 200u);
    EXPECT_EQ(status({.host = "localhost:80", .origin = "http://localhost"}), 200u);
    EXPECT_EQ(status({.host = "Node.Example:5000", .origin = "http://node.example:5000"}), 200u);
    EXPECT_EQ(status({.host = "node.example", .origin = "https://node.example", .secure = true}),
              200u);
    EXPECT_EQ(status({.host = "[::1]:5000", .origin = "http://[::1]:5000"}), 200u);
}

TEST(Guard, EveryOtherOriginIsForeign) {
    for (const char* bad :
         {"http://evil.example", "http://127.0.0.1", "http://127.0.0.1:5001",
          "https://127.0.0.1:5000", "http://localhost:5000", "null", "", "http://127.0.0.1:5000/",
          "127.0.0.1:5000", "file://127.0.0.1:5000", "http://127.0.0.1:5000.evil.example",
          "http://app.example", "https://app.example:8443", "https://app.example.evil",
          "chrome-extension://abc"}) {
        EXPECT_EQ(status({.origin = bad}), 403u) << bad;
        EXPECT_EQ(status({.origin = bad, .changes = false}), 403u) << bad;
        EXPECT_EQ(status({.origin = bad, .method = Method::options}), 403u) << bad;
    }
}

TEST(Guard, NamedOriginsAreAllowedExactlyAndTold) {
    const auto verdict = judge({.origin = "https://app.example"});
    EXPECT_FALSE(verdict.refused);
    EXPECT_EQ(header(verdict, "Access-Control-Allow-Origin"), "https://app.example");
    EXPECT_EQ(header(verdict, "Vary"), "Origin");
    EXPECT_EQ(header(verdict, "Access-Control-Allow-Methods"), "none");
    EXPECT_EQ(status({.origin = "http://10.0.0.9:3000"}), 200u);
}

TEST(Guard, PreflightIsAnsweredWithTheRoutesMethods) {
    const auto verdict = judge({.origin = "https://app.example", .method = Method::options});
    EXPECT_EQ(header(verdict, "Access-Control-Allow-Methods"), "POST, OPTIONS");
    EXPECT_NE(header(verdict, "Access-Control-Allow-Headers").find("Authorization"),
              std::string::npos);
}

TEST(Guard, OwnOriginAndNoOriginGetNoCorsHeader) {
    EXPECT_EQ(header(judge({.origin = "http://127.0.0.1:5000"}), "Access-Control-Allow-Origin"),
              "none");
    EXPECT_EQ(header(judge({}), "Access-Control-Allow-Origin"), "none");
    EXPECT_EQ(header(judge({.origin = "http://evil.example"}), "Access-Control-Allow-Origin"),
              "none");
}

TEST(Guard, DevChainWelcomesLoopbackPagesOnly) {
    for (const char* good : {"http://localhost:3000", "https://localhost", "http://127.0.0.1:8080",
                             "http://127.9.9.9", "http://[::1]:3000"}) {
        EXPECT_EQ(status({.origin = good, .dev = true}), 200u) << good;
        EXPECT_EQ(header(judge({.origin = good, .dev = true}), "Access-Control-Allow-Origin"),
                  good);
        EXPECT_EQ(status({.origin = good}), 403u) << good;
    }
    for (const char* bad :
         {"null", "http://10.0.0.1", "http://localhost.evil.example", "http://evil.example",
          "http://127.0.0.1.evil.example", "ftp://localhost"})
        EXPECT_EQ(status({.origin = bad, .dev = true}), 403u) << bad;
}

TEST(Guard, WithoutOriginTheBrowserMustMeanWell) {
    for (const char* good : {"none", "same-origin"})
        EXPECT_EQ(status({.site = good}), 200u) << good;
    for (const char* bad : {"cross-site", "same-site", "", "None"}) {
        EXPECT_EQ(status({.site = bad}), 403u) << bad;
        EXPECT_EQ(status({.site = bad, .changes = false}), 200u) << bad;
    }
    EXPECT_EQ(status({.site = "same-site", .dev = true}), 200u);
    EXPECT_EQ(status({.site = "cross-site", .dev = true}), 403u);
    EXPECT_EQ(status({.site = "none", .purpose = "prefetch"}), 403u);
    EXPECT_EQ(status({.purpose = "prefetch;prerender"}), 403u);
    EXPECT_EQ(status({.purpose = "prefetch", .changes = false}), 200u);
}

TEST(Guard, WithoutOriginTheRefererMustNotBeForeign) {
    for (const char* good :
         {"", "http://127.0.0.1:5000/", "http://127.0.0.1:5000/ui/wallet?a=http://evil.example",
          "http://127.0.0.1:5000", "https://app.example/page", "http://10.0.0.9:3000/x"})
        EXPECT_EQ(status({.referer = good}), 200u) << good;
    for (const char* bad :
         {"http://evil.example/", "https://evil.example", "http://127.0.0.1:5000.evil.example/",
          "http://127.0.0.1:5001/", "https://127.0.0.1:5000/", "http://evil.example/127.0.0.1:5000",
          "http://127.0.0.1:5000@evil.example/", "about:blank", "null", "127.0.0.1:5000",
          "android-app://com.example", "http:///", "http://evil.example?http://127.0.0.1:5000/",
          "http://evil.example#http://127.0.0.1:5000/", "http://evil.example\\127.0.0.1:5000/"}) {
        EXPECT_EQ(status({.referer = bad}), 403u) << bad;
        EXPECT_EQ(status({.referer = bad, .method = Method::post}), 403u) << bad;
        EXPECT_EQ(status({.site = "same-origin", .referer = bad}), 403u) << bad;
        EXPECT_EQ(status({.referer = bad, .changes = false}), 200u) << bad;
    }
    EXPECT_EQ(status({.referer = "http://localhost:3000/page", .dev = true}), 200u);
    EXPECT_EQ(status({.referer = "http://evil.example/page", .dev = true}), 403u);
}

TEST(Guard, PeerSocketTakesAnyHostAndNoOrigin) {
    EXPECT_EQ(status({.host = "peer.example", .peer_socket = true}), 200u);
    for (const char* origin : {"http://127.0.0.1:5000", "https://app.example", "null", ""})
        EXPECT_EQ(status({.origin = origin, .peer_socket = true}), 403u) << origin;
    EXPECT_EQ(status({.origin = "http://localhost", .dev = true, .peer_socket = true}), 403u);
}

}  // namespace
}  // namespace cairn::http
