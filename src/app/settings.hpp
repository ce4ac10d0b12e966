#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace cairn {

/// What `cairn node` was told: by flags, the environment (CAIRN_…) or a TOML file, in this order of
/// strength. Texts are as given; whoever uses one checks it.
struct NodeSettings {
    std::string datadir;  // empty: ~/.cairn/CHAIN
    std::string http = "127.0.0.1:5000";
    std::string chain = "main";
    std::string auth;  // on, off, or empty: the chain's default
    std::string gossip = "on";
    std::vector<std::string> connect;      // HOST:PORT
    std::vector<std::string> allow_nodes;  // keys, hex
    std::string store = "rocksdb";
    std::vector<std::string> hosts;
    std::vector<std::string> cors;
    std::vector<std::string> trusted_proxies;  // addresses, CIDR
    bool plain_login = false;
    bool mine = false;
    std::string mine_to;
    double mine_every = 10;           // seconds, mean
    std::string mine_on = "request";  // request, transfer, or seconds
    std::uint32_t mine_timeout = 60;  // seconds
    std::uint32_t threads = 0;        // 0: all cores
    std::uint64_t memory_mib = 768;
    std::uint64_t pool_mib = 128;
    std::string min_fee_rate = "0";  // coins per 1,000 bytes
    std::string log_level = "info";
    std::string log_format = "text";
};

/// What an off-line tool was told.
struct ToolSettings {
    std::string datadir;
    std::string chain = "main";
    std::string file;
};

struct NewChainSettings {
    std::string file;
    std::string name;
    std::string prefix;
    std::string mode = "fixed";
    std::string bits = "1e0fffff";
    std::uint64_t genesis_time = 0;  // 0: now
    std::uint32_t spacing = 15;      // seconds, ASERT only
    std::uint32_t half_life = 3600;  // seconds, ASERT only
    std::string subsidy = "50";      // coins
    std::uint64_t halving = 210'000;
    std::uint32_t max_block = 4 * 1024 * 1024;
    std::uint32_t max_data = 1024;
    std::string opening = "0";  // coins
    std::uint32_t future_limit = 7200;
    bool names = false;
    std::vector<std::string> allocations;  // ADDRESS=COINS
};

/// "127.0.0.1:5000", "[::1]:5000", "localhost:5000".
struct Endpoint {
    std::string address;  // without brackets
    std::uint16_t port = 0;
};
[[nodiscard]] Result<Endpoint, std::string> parse_endpoint(const std::string& text);
[[nodiscard]] bool is_loopback(const std::string& address);

/// A sentence if `datadir` is empty and `chain` gives no name to one: it comes through a pipe.
[[nodiscard]] std::optional<std::string> no_name_for_datadir(const std::string& datadir,
                                                             const std::string& chain);
/// `datadir`, or ~/.cairn/CHAIN if that is empty.
[[nodiscard]] std::string datadir_of(const std::string& datadir, const std::string& chain);

}  // namespace cairn
