#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

#include "cli/base/url.hpp"
#include "core/base/result.hpp"

namespace cairn::cli {

/// A log-in that is kept between commands.
struct KeptLogin {
    std::string name;
    std::string token;
};

/// One small file a node, `<folder>/http%3A%2F%2F127.0.0.1%3A5000.json` (0600, written atomically
/// in a folder of 0700): commands that run side by side, even for several nodes, never spoil one
/// another's.
class TokenStore {
public:
    explicit TokenStore(std::filesystem::path folder) : folder_{std::move(folder)} {}

    /// What is kept for that node; nothing if there is none or if the file is not of our making.
    [[nodiscard]] std::optional<KeptLogin> load(const NodeUrl& node) const;
    /// Errors: the system's.
    [[nodiscard]] Result<void, std::error_code> keep(const NodeUrl& node,
                                                     const KeptLogin& login) const;
    [[nodiscard]] std::error_code forget(const NodeUrl& node) const;

    [[nodiscard]] std::filesystem::path file_of(const NodeUrl& node) const;

private:
    std::filesystem::path folder_;
};

/// ~/.cairn, where nodes keep their directories too.
[[nodiscard]] std::filesystem::path cairn_folder();

}  // namespace cairn::cli
