#include "os/home.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

namespace cairn {
namespace {

constexpr std::size_t kEntryMax = 64UL * 1024;

std::string home_of(const std::string& user) {
    std::vector<char> room(kEntryMax);
    passwd entry{};
    passwd* found = nullptr;
    if (user.empty())
        ::getpwuid_r(::geteuid(), &entry, room.data(), room.size(), &found);
    else
        ::getpwnam_r(user.c_str(), &entry, room.data(), room.size(), &found);
    return found != nullptr && found->pw_dir != nullptr ? found->pw_dir : "";
}

}  // namespace

std::filesystem::path home_folder() {
    // Read at start only, before there is a second thread that could change it.
    const char* told = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe)
    if (told != nullptr && *told != '\0') return told;
    const std::string known = home_of("");
    return known.empty() ? "." : known;
}

std::string from_home(const std::string& path) {
    if (!path.starts_with('~')) return path;
    const auto slash = path.find('/');
    const std::string user = path.substr(1, slash == std::string::npos ? slash : slash - 1);
    const std::string home = user.empty() ? home_folder().string() : home_of(user);
    if (home.empty()) return path;
    return slash == std::string::npos ? home : home + path.substr(slash);
}

}  // namespace cairn
