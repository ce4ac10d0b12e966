#include "wallet/user_name.hpp"

#include <algorithm>

namespace cairn {
namespace {

bool is_name_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

}  // namespace

std::string fold_case(std::string_view text) {
    std::string folded{text};
    for (char& c : folded)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return folded;
}

std::optional<UserName> UserName::parse(std::string_view text) {
    constexpr std::size_t kMax = 64;
    if (text.empty() || text.size() > kMax || text == "." || text == "..") return std::nullopt;
    if (!std::all_of(text.begin(), text.end(), is_name_character)) return std::nullopt;
    return UserName{std::string{text}, fold_case(text)};
}

std::string_view role_name(Role role) {
    switch (role) {
        case Role::anyone:
            return "anyone";
        case Role::member:
            return "member";
        case Role::operator_:
            return "operator";
    }
    return "anyone";
}

std::optional<Role> parse_role(std::string_view text) {
    if (text == "member") return Role::member;
    if (text == "operator") return Role::operator_;
    return std::nullopt;
}

}  // namespace cairn
