#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace cairn::cli {

/// What every command takes. Texts are as given; `run` checks them.
struct Options {
    std::string node;                        // empty: http://127.0.0.1:5000
    std::string datadir;                     // of the node; empty: ~/.cairn/CHAIN
    std::string authorities;                 // PEM file, for https; empty: the system's
    std::optional<std::uint32_t> timeout_s;  // longest silence of the node
    bool json = false;
};

struct Status {};
struct Login {
    std::string name = "operator";
    std::string password_file;
};
struct Logout {};
struct UserNew {
    std::string name;
    std::string role = "member";
    std::string password_file;
};
struct UserList {};
struct UserRemove {
    std::string name;
};
struct Balance {
    std::string account;  // empty: the caller's own
};
struct Send {
    std::string recipient;
    std::string amount;
    std::string fee;
    std::string memo;
    std::string from;
};
struct Mine {
    std::uint32_t count = 1;
    std::string to;
};
struct Chain {
    std::uint64_t from = 0;    // 0: so that the newest are shown
    std::uint64_t limit = 20;  // 0: all
};
struct Block {
    std::string which;  // an index or a hash
};
struct Tx {
    std::string id;
};
struct Pool {};
struct Nodes {};
struct NodesRemove {
    std::string address;
};
struct Register {
    std::vector<std::string> addresses;
};
struct Resolve {};
struct GetBlocks {};
struct Inv {
    std::uint64_t from = 0;
    std::uint64_t limit = 0;
};
struct Restart {
    bool yes = false;
};
struct Watch {
    double every_s = 1;
    std::uint64_t count = 0;  // lines after which it ends; 0: never
};

using Command = std::variant<Status, Login, Logout, UserNew, UserList, UserRemove, Balance, Send,
                             Mine, Chain, Block, Tx, Pool, Nodes, NodesRemove, Register, Resolve,
                             GetBlocks, Inv, Restart, Watch>;

/// Runs one command against one node; `words` are those that chose it ("user new"). Returns the
/// exit code (ExitCode). Writes to standard output and standard error.
[[nodiscard]] int run(const Options& options, const std::string& words, const Command& command);

}  // namespace cairn::cli
