#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "wallet/unlocked_key.hpp"

namespace cairn {

/// The key that names this node to others, from `<datadir>/node.key` (mode 0600: 64 hex digits and
/// a line feed); made and written durably if there is none. Used for handshakes and nothing else.
/// The error is a sentence.
[[nodiscard]] Result<std::shared_ptr<const UnlockedKey>, std::string> load_node_key(
    const std::filesystem::path& datadir);

}  // namespace cairn
