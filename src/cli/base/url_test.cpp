#include "cli/base/url.hpp"

#include <gtest/gtest.h>

namespace cairn::cli {
namespace {

NodeUrl url(std::string_view text) {
    auto read = parse_node_url(text);
    EXPECT_TRUE(read) << text;
    return read.value_or(NodeUrl{});
}

TEST(NodeUrl, NeedsNoSchemeAndNoPort) {
    for (const auto* text :
         {"127.0.0.1", "127.0.0.1:5000", "http://127.0.0.1:5000", "HTTP://127.0.0.1:5000/"}) {
        EXPECT_EQ(url(text), (NodeUrl{"http://127.0.0.1:5000", true, "127.0.0.1", 5000})) << text;
    }
    EXPECT_EQ(url("Node.Example").text, "http://node.example:5000");
}

TEST(NodeUrl, WithASchemeHasItsPort) {
    EXPECT_EQ(url("http://node.example").text, "http://node.example:80");
    EXPECT_EQ(url("https://node.example").text, "https://node.example:443");
    EXPECT_EQ(url("https://node.example:5001").text, "https://node.example:5001");
}

TEST(NodeUrl, TakesIpv6WithAndWithoutBrackets) {
    EXPECT_EQ(url("::1"), (NodeUrl{"http://[::1]:5000", true, "::1", 5000}));
    EXPECT_EQ(url("[::1]:5001"), (NodeUrl{"http://[::1]:5001", true, "::1", 5001}));
    EXPECT_EQ(url("http://[FE80::2]:7"), (NodeUrl{"http://[fe80::2]:7", false, "fe80::2", 7}));
}

TEST(NodeUrl, IsLoopbackOnlyIfItSurelyIsThisMachine) {
    for (const auto* text : {"localhost", "127.1.2.3", "0.0.0.0", "[::]", "0:0:0:0:0:0:0:1"})
        EXPECT_TRUE(url(text).loopback) << text;
    // A name may begin as an address of this machine does.
    for (const auto* text :
         {"127.example", "127.0.0.1.example", "localhost.example", "10.0.0.1", "[::2]"})
        EXPECT_FALSE(url(text).loopback) << text;
}

TEST(NodeUrl, RefusesWhatIsNone) {
    for (const auto* text : {"",        "/",          ":5000",   "http://", "ftp://a",
                             "a:",      "a:0",        "a:65536", "a:1x",    "a:-1",
                             "a/b",     "http://a/b", "a b",     "user@a",  "http://user:pw@a",
                             "a?b",     "a#b",        "[::1",    "[::g]",   "[a]",
                             "1::2::3", "a\nb",       "://a"}) {
        EXPECT_FALSE(parse_node_url(text)) << text;
    }
    EXPECT_TRUE(parse_node_url("a:65535"));
    EXPECT_TRUE(parse_node_url("a:1"));
}

TEST(NodeUrl, RefusesInWordsThatMoveNoCursor) {
    EXPECT_EQ(parse_node_url("\x1b[2J").error().find('\x1b'), std::string::npos);
}

TEST(PercentEncode, LeavesNothingThatAPathOrQueryReads) {
    EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(percent_encode("a/b?c#d%e&f=g h\xc3\xa4"), "a%2Fb%3Fc%23d%25e%26f%3Dg%20h%C3%A4");
}

}  // namespace
}  // namespace cairn::cli
