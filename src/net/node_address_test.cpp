#include "net/node_address.hpp"

#include <gtest/gtest.h>

namespace cairn::net {
namespace {

std::string read(std::string_view text) {
    const auto address = parse_node_address(text);
    return address ? address->to_string() : "refused";
}

TEST(NodeAddress, IsReadFromWhatPeopleWrite) {
    const std::pair<const char*, const char*> cases[] = {
        {"127.0.0.1:5001", "127.0.0.1:5001"},
        {"http://127.0.0.1:5001", "127.0.0.1:5001"},
        {"http://127.0.0.1:5001/", "127.0.0.1:5001"},
        {"HTTP://127.0.0.1:5001", "127.0.0.1:5001"},
        {"ws://127.0.0.1:5001", "127.0.0.1:5001"},
        {"  127.0.0.1:5001 ", "127.0.0.1:5001"},
        {"127.0.0.1", "127.0.0.1:5000"},
        {"http://node.example/", "node.example:5000"},
        {"Node.Example:5001", "node.example:5001"},
        {"localhost:1024", "localhost:1024"},
        {"lab_node-1:5001", "lab_node-1:5001"},
        {"xn--bcher-kva.example:5001", "xn--bcher-kva.example:5001"},
        {"10.1.2.3:65535", "10.1.2.3:65535"},
        {"[::1]:5001", "[::1]:5001"},
        {"[::1]", "[::1]:5000"},
        {"http://[2001:DB8:0:0:1::1]:80/", "[2001:db8::1:0:0:1]:80"},
        {"[::ffff:10.0.0.1]:5001", "10.0.0.1:5001"},
        {"203.0.113.9:5001", "203.0.113.9:5001"},
    };
    for (const auto& [text, expected] : cases) EXPECT_EQ(read(text), expected) << text;
}

TEST(NodeAddress, OfEverywhereIsLoopback) {
    EXPECT_EQ(read("0.0.0.0:5001"), "127.0.0.1:5001");
    EXPECT_EQ(read("http://0.0.0.0:5001/"), "127.0.0.1:5001");
    EXPECT_EQ(read("[::]:5001"), "[::1]:5001");
    EXPECT_EQ(read("[0:0::0]:5001"), "[::1]:5001");
    EXPECT_EQ(read("[::ffff:0.0.0.0]:5001"), "127.0.0.1:5001");
}

TEST(NodeAddress, ThatIsNoneIsRefusedWithASentence) {
    const char* cases[] = {
        // numbers in disguise
        "2130706433:5001",
        "http://2130706433/",
        "0x7f000001:5001",
        "0x7f.0.0.1:5001",
        "0177.0.0.1:5001",
        "017700000001:5001",
        "127.1:5001",
        "127.0.1:5001",
        "127.0.0.01:5001",
        "127.0.0.0x1:5001",
        "127.0.0.1.:5001",
        "256.0.0.1:5001",
        "1.2.3.4.5:5001",
        "a.0x:5001",
        // credentials, paths, schemes
        "http://user:secret@127.0.0.1:5001",
        "user@127.0.0.1:5001",
        "http://127.0.0.1:5001/chain",
        "http://127.0.0.1:5001//",
        "127.0.0.1:5001/../x",
        "127.0.0.1:5001?x",
        "127.0.0.1:5001#x",
        "127.0.0.1:5001\\x",
        "file:///etc/passwd",
        "file:/etc/passwd",
        "ftp://127.0.0.1:5001",
        "gopher://127.0.0.1:5001",
        "https://127.0.0.1:5001",
        "wss://127.0.0.1:5001",
        "http:127.0.0.1:5001",
        "//127.0.0.1:5001",
        "://127.0.0.1:5001",
        "javascript:alert(1)",
        // ports
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:99999",
        "127.0.0.1:",
        "127.0.0.1:-1",
        "127.0.0.1:+1",
        "127.0.0.1:05001",
        "127.0.0.1:5001x",
        "127.0.0.1:5001:5001",
        "127.0.0.1: 5001",
        "127.0.0.1:22",
        "127.0.0.1:25",
        "127.0.0.1:5060",
        "127.0.0.1:6667",
        "127.0.0.1:100000000000000000000",
        // brackets
        "[::1",
        "::1]:5001",
        "[::1]5001",
        "[]:5001",
        "[127.0.0.1]:5001",
        "[::1]]:5001",
        "::1",
        "2001:db8::1",
        "[fe80::1%eth0]:5001",
        "[1::2::3]:5001",
        "[12345::]:5001",
        "[1:2:3:4:5:6:7:8:9]:5001",
        "[1:2:3:4:5:6:7]:5001",
        "[::1.2.3]:5001",
        "[1.2.3.4::]:5001",
        "[:::]:5001",
        "[1:2:3:4:5:6:7::8]:5001",
        // hosts
        "",
        " ",
        "http://",
        ":5001",
        ".:5001",
        "a..b:5001",
        "-a:5001",
        "a-:5001",
        ".a:5001",
        "b\xc3\xbc"
        "cher.example:5001",
        "a b:5001",
        "a\tb:5001",
        "a\nb:5001",
        "a%2e:5001",
        "*:5001",
        // forbidden classes
        "169.254.169.254:5001",
        "http://169.254.169.254/",
        "224.0.0.1:5001",
        "239.1.1.1:5001",
        "255.255.255.255:5001",
        "240.0.0.1:5001",
        "0.0.0.1:5001",
        "[fe80::1]:5001",
        "[ff02::1]:5001",
        "[::ffff:169.254.169.254]:5001",
        "[64:ff9b::169.254.169.254]:5001",
        "[2002:a9fe:a9fe::1]:5001",
        "[::2]:5001",
        "[2001::1]:5001",
        "[4000::1]:5001",
        "[64:ff9b:1::1]:5001",
        "[fec0::1]:5001",
    };
    for (const auto* text : cases) {
        const auto address = parse_node_address(text);
        EXPECT_FALSE(address) << text;
        EXPECT_GT((address ? std::string{} : address.error()).size(), 10u) << text;
    }
}

TEST(NodeAddress, HasABoundedHost) {
    const std::string label(63, 'a');
    const std::string most = label + "." + label + "." + label + "." + std::string(61, 'a');
    EXPECT_EQ(read(most + ":5001"), most + ":5001");
    EXPECT_EQ(read(most + "a:5001"), "refused");
    EXPECT_EQ(read(label + "a:5001"), "refused");
    EXPECT_EQ(read(std::string(1'000'000, 'a')), "refused");
}

TEST(NodeAddress, RefusesTheEightyPortsOfOtherServices) {
    std::size_t refused = 0;
    for (unsigned port = 1; port < 65536; ++port)
        refused += is_forbidden_port(static_cast<std::uint16_t>(port)) ? 1 : 0;
    EXPECT_EQ(refused, 80u);
    for (const auto port : {22, 25, 53, 111, 5060, 5061, 6000, 6667, 10080})
        EXPECT_TRUE(is_forbidden_port(static_cast<std::uint16_t>(port))) << port;
    for (const auto port : {80, 443, 4999, 5000, 5001, 5059, 5062, 8000, 8080, 65535})
        EXPECT_FALSE(is_forbidden_port(static_cast<std::uint16_t>(port))) << port;
}

TEST(AddressClass, FollowsTheRanges) {
    using enum AddressClass;
    const std::pair<const char*, AddressClass> cases[] = {
        {"127.0.0.1", loopback},
        {"127.255.255.255", loopback},
        {"0.0.0.0", loopback},
        {"::", loopback},
        {"::1", loopback},
        {"::ffff:127.0.0.1", loopback},
        {"64:ff9b::127.0.0.1", loopback},
        {"2002:7f00:1::", loopback},
        {"9.255.255.255", public_range},
        {"10.0.0.0", private_range},
        {"10.255.255.255", private_range},
        {"11.0.0.0", public_range},
        {"172.15.255.255", public_range},
        {"172.16.0.0", private_range},
        {"172.31.255.255", private_range},
        {"172.32.0.0", public_range},
        {"192.167.255.255", public_range},
        {"192.168.0.0", private_range},
        {"192.169.0.0", public_range},
        {"100.63.255.255", public_range},
        {"100.64.0.0", private_range},
        {"100.127.255.255", private_range},
        {"100.128.0.0", public_range},
        {"fbff::1", forbidden},
        {"fc00::1", private_range},
        {"fdff::1", private_range},
        {"fe80::1", forbidden},
        {"2002:0a00:0001::1", private_range},
        {"64:ff9b::10.0.0.1", private_range},
        {"169.253.255.255", public_range},
        {"169.254.0.0", forbidden},
        {"169.254.255.255", forbidden},
        {"169.255.0.0", public_range},
        {"223.255.255.255", public_range},
        {"224.0.0.0", forbidden},
        {"255.255.255.255", forbidden},
        {"0.0.0.1", forbidden},
        {"192.0.2.1", public_range},
        {"198.51.100.1", public_range},
        {"2001:db8::1", public_range},
        {"2a00::1", public_range},
        {"3fff:ffff::", public_range},
        {"4000::", forbidden},
        {"ff02::1", forbidden},
        {"::2", forbidden},
    };
    for (const auto& [text, expected] : cases) {
        const auto ip = parse_ip(text);
        ASSERT_TRUE(ip) << text;
        EXPECT_EQ(class_of(*ip), expected) << text;
    }
}

TEST(IpLiteral, IsWrittenInItsShortestForm) {
    const std::pair<const char*, const char*> cases[] = {
        {"1.2.3.4", "1.2.3.4"},
        {"::ffff:1.2.3.4", "1.2.3.4"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"0:0:0:0:0:0:0:1", "::1"},
        {"1::", "1::"},
        {"2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"ABCD::", "abcd::"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
    };
    for (const auto& [text, expected] : cases) {
        const auto ip = parse_ip(text);
        ASSERT_TRUE(ip) << text;
        EXPECT_EQ(ip_to_string(*ip), expected);
        EXPECT_EQ(parse_ip(expected), ip);
    }
    for (const auto* text :
         {"", "1.2.3", "a", "localhost", "1.2.3.4.", "[::1]", "::1%1", "1.2.3.4:5"})
        EXPECT_FALSE(parse_ip(text)) << text;
}

}  // namespace
}  // namespace cairn::net
