#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cairn {

/// ASCII capitals made small; all other bytes as they are.
[[nodiscard]] std::string fold_case(std::string_view text);

/// A user's name: 1 to 64 of `A-Z a-z 0-9 . _ -`, not `.` and not `..`. Shown as its owner wrote
/// it, but `Alice` and `alice` are the same user, log in alike, and live in one file, so that two
/// names can neither be mistaken for one another nor meet on a file system that ignores case.
class UserName {
public:
    static std::optional<UserName> parse(std::string_view text);

    [[nodiscard]] const std::string& shown() const { return shown_; }
    /// The name in small letters: what tables and files go by.
    [[nodiscard]] const std::string& key() const { return key_; }

    friend bool operator==(const UserName& a, const UserName& b) { return a.key_ == b.key_; }

private:
    UserName(std::string shown, std::string key) : shown_{std::move(shown)}, key_{std::move(key)} {}
    std::string shown_;
    std::string key_;
};

/// What a caller may do, each including the one before.
enum class Role : std::uint8_t {
    anyone,     // reads
    member,     // mines and sends
    operator_,  // also registers nodes, restarts, makes users
};

[[nodiscard]] std::string_view role_name(Role role);
/// "member" or "operator", the roles a user can have.
[[nodiscard]] std::optional<Role> parse_role(std::string_view text);

}  // namespace cairn
