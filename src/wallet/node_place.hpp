#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include "core/base/result.hpp"

namespace cairn {

/// Where the node of a data folder listens.
struct NodePlace {
    std::string address;  // as it was bound: "127.0.0.1", "0.0.0.0", "::1"
    std::uint16_t port = 0;
    std::uint64_t network = 0;  // the network namespace, by its inode
    friend bool operator==(const NodePlace&, const NodePlace&) = default;
};

/// `<datadir>/node.place` (0600): what a node that runs says of where it is, and a lock (flock)
/// that it holds for as long. While the lock is held the node lives, and its socket with it, so
/// nobody else listens there; a file that nobody holds says nothing. It is how a client on this
/// machine tells the node whose `operator.password` it can read from whatever else answers at an
/// address.
class NodePlaceMark {
public:
    /// Blocks on the disk. Errors: the system's; `resource_unavailable_try_again` while another
    /// process holds it.
    [[nodiscard]] static Result<NodePlaceMark, std::error_code> write(
        const std::filesystem::path& datadir, const NodePlace& place);
    NodePlaceMark(NodePlaceMark&& other) noexcept;
    NodePlaceMark& operator=(NodePlaceMark&&) = delete;
    NodePlaceMark(const NodePlaceMark&) = delete;
    NodePlaceMark& operator=(const NodePlaceMark&) = delete;
    ~NodePlaceMark();

private:
    explicit NodePlaceMark(int descriptor) : descriptor_{descriptor} {}
    int descriptor_;
};

/// Where the node of that folder listens, if one runs. The error is the end of a sentence that
/// begins with the folder.
[[nodiscard]] Result<NodePlace, std::string> running_node(const std::filesystem::path& datadir);

/// The network namespace of this process; 0 if it cannot be told.
[[nodiscard]] std::uint64_t this_network();

}  // namespace cairn
