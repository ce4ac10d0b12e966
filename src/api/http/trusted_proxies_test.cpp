#include "api/http/trusted_proxies.hpp"

#include <gtest/gtest.h>

namespace cairn::http {
namespace {

const Client kNearProxy{.address = "127.0.0.1", .loopback = true};

TrustedProxies trusting(const std::vector<std::string>& texts) {
    auto proxies = TrustedProxies::of(texts);
    EXPECT_TRUE(proxies) << (proxies ? "" : proxies.error());
    return std::move(*proxies);
}

Headers forwarded_for(std::string list) {
    Headers headers;
    headers.x_forwarded_for = std::move(list);
    return headers;
}

std::string client_seen(const TrustedProxies& proxies, const std::string& list,
                        const Client& socket = kNearProxy) {
    const Client client = proxies.client_of(socket, forwarded_for(list));
    return client.address + (client.loopback ? " loopback" : "");
}

TEST(TrustedProxies, WithoutThemBothHeadersAreIgnored) {
    Headers headers = forwarded_for("192.0.2.1");
    headers.x_forwarded_proto = "https";
    const Client client = TrustedProxies{}.client_of(kNearProxy, headers);
    EXPECT_EQ(client.address, "127.0.0.1");
    EXPECT_TRUE(client.loopback);
    EXPECT_FALSE(client.secure);
}

TEST(TrustedProxies, WhoIsNoneOfThemIsNotBelieved) {
    const auto proxies = trusting({"10.0.0.0/8"});
    EXPECT_EQ(client_seen(proxies, "192.0.2.1"), "127.0.0.1 loopback");
    const Client stranger{.address = "198.51.100.7"};
    EXPECT_EQ(client_seen(proxies, "127.0.0.1", stranger), "198.51.100.7");
}

TEST(TrustedProxies, TheRightmostThatIsNotTrustedIsTheClient) {
    const auto proxies = trusting({"127.0.0.1", "10.0.0.0/8"});
    EXPECT_EQ(client_seen(proxies, "192.0.2.1"), "192.0.2.1");
    // What stands before it the client has made up.
    EXPECT_EQ(client_seen(proxies, "127.0.0.1, 192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(client_seen(proxies, "203.0.113.9, 192.0.2.1, 10.1.2.3, 10.255.0.1"), "192.0.2.1");
    EXPECT_EQ(client_seen(proxies, "nonsense, , 192.0.2.1,10.0.0.1"), "192.0.2.1");
    // All of them are proxies: the furthest asks for itself.
    EXPECT_EQ(client_seen(proxies, "10.0.0.9, 10.0.0.1"), "10.0.0.9");
    EXPECT_EQ(client_seen(proxies, "127.0.0.1"), "127.0.0.1 loopback");
}

TEST(TrustedProxies, AnEntryThatIsNoAddressIsSomebodyUnknown) {
    const auto proxies = trusting({"127.0.0.1", "10.0.0.0/8"});
    EXPECT_EQ(client_seen(proxies, "192.0.2.1, unknown"), "127.0.0.1");
    EXPECT_EQ(client_seen(proxies, "192.0.2.1, _hidden, 10.0.0.1"), "10.0.0.1");
    for (const auto* entry : {"192.0.2.1:x", "192.0.2.1:123456", "[192.0.2.1]", "[::1", "::1]",
                              "[::1]x", "[::1]:", "192.0.2", "192.0.2.256", "0x7f.1", "010.0.0.1",
                              "fe80::1%eth0", "localhost", "\""})
        EXPECT_EQ(client_seen(proxies, entry), "127.0.0.1") << entry;
}

TEST(TrustedProxies, AddressesAreReadAsProxiesWriteThem) {
    const auto proxies = trusting({"127.0.0.1"});
    EXPECT_EQ(client_seen(proxies, "192.0.2.1:51234"), "192.0.2.1");
    EXPECT_EQ(client_seen(proxies, "2001:DB8::1"), "2001:db8::1");
    EXPECT_EQ(client_seen(proxies, "[2001:db8::1]"), "2001:db8::1");
    EXPECT_EQ(client_seen(proxies, "[2001:db8::1]:51234"), "2001:db8::1");
    EXPECT_EQ(client_seen(proxies, "\"[2001:db8::1]:51234\""), "2001:db8::1");
    EXPECT_EQ(client_seen(proxies, "::ffff:192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(client_seen(proxies, "[::ffff:127.0.0.1]:80"), "127.0.0.1 loopback");
    EXPECT_EQ(client_seen(proxies, "::1"), "::1 loopback");
}

TEST(TrustedProxies, NetworksAreBoundedByTheirPrefix) {
    const auto proxies = trusting({"192.0.2.128/25", "2001:db8::/33", "::ffff:198.51.100.0/120"});
    EXPECT_TRUE(proxies.contains("192.0.2.128"));
    EXPECT_TRUE(proxies.contains("192.0.2.255"));
    EXPECT_FALSE(proxies.contains("192.0.2.127"));
    EXPECT_FALSE(proxies.contains("192.0.3.0"));
    EXPECT_TRUE(proxies.contains("2001:db8:7fff::1"));
    EXPECT_FALSE(proxies.contains("2001:db8:8000::1"));
    EXPECT_TRUE(proxies.contains("198.51.100.77"));
    EXPECT_FALSE(proxies.contains("198.51.101.0"));
    EXPECT_TRUE(trusting({"0.0.0.0/0"}).contains("203.0.113.1"));
    EXPECT_FALSE(trusting({"0.0.0.0/0"}).contains("2001:db8::1"));
    EXPECT_TRUE(trusting({"::/0"}).contains("2001:db8::1"));
}

TEST(TrustedProxies, WhatIsNoNetworkIsRefusedWithASentence) {
    for (const auto* text : {"", "localhost", "10.0.0.0/33", "10.0.0.1/8", "::/129", "fd00::1/8",
                             "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.0/-1", "10.0.0/8", "/8"}) {
        const auto proxies = TrustedProxies::of({text});
        ASSERT_FALSE(proxies) << text;
        EXPECT_NE(proxies.error().find("--trusted-proxy: expected an address"), std::string::npos);
    }
}

TEST(TrustedProxies, TlsIsWhatTheNearestProxySays) {
    const auto proxies = trusting({"127.0.0.1"});
    const auto secure = [&](const char* proto, const Client& socket = kNearProxy) {
        Headers headers;
        headers.x_forwarded_proto = proto;
        return proxies.client_of(socket, headers).secure;
    };
    EXPECT_TRUE(secure("https"));
    EXPECT_TRUE(secure("HTTPS"));
    EXPECT_TRUE(secure("http, https"));
    EXPECT_FALSE(secure("https, http"));
    EXPECT_FALSE(secure("http"));
    EXPECT_FALSE(secure("httpsx"));
    EXPECT_FALSE(secure(""));
    EXPECT_FALSE(secure("https", {.address = "192.0.2.1"}));
}

}  // namespace
}  // namespace cairn::http
