#include "wallet/node_place.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <sstream>
#include <utility>

namespace cairn {
namespace {

constexpr std::size_t kPlaceFileMax = 256;

std::filesystem::path place_file(const std::filesystem::path& datadir) {
    return datadir / "node.place";
}

std::error_code place_error() { return {errno, std::system_category()}; }

struct OpenPlace {
    int value = -1;
    ~OpenPlace() {
        if (value >= 0) ::close(value);
    }
};

std::optional<NodePlace> read_place(const std::string& text) {
    std::istringstream in{text};
    NodePlace place;
    if (!(in >> place.address >> place.port >> place.network) || !text.ends_with('\n'))
        return std::nullopt;
    return place;
}

}  // namespace

std::uint64_t this_network() {
    struct stat found {};
    return ::stat("/proc/self/ns/net", &found) == 0 ? found.st_ino : 0;
}

Result<NodePlaceMark, std::error_code> NodePlaceMark::write(const std::filesystem::path& datadir,
                                                            const NodePlace& place) {
    OpenPlace file{::open(place_file(datadir).c_str(),
                          O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)};
    if (file.value < 0) return fail(place_error());
    struct stat found {};
    if (::fstat(file.value, &found) != 0) return fail(place_error());
    if (!S_ISREG(found.st_mode)) return fail(std::make_error_code(std::errc::invalid_argument));
    if (::flock(file.value, LOCK_EX | LOCK_NB) != 0) return fail(place_error());
    const std::string text = place.address + " " + std::to_string(place.port) + " " +
                             std::to_string(place.network) + "\n";
    if (::ftruncate(file.value, 0) != 0 ||
        ::pwrite(file.value, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
        return fail(place_error());
    return NodePlaceMark{std::exchange(file.value, -1)};
}

NodePlaceMark::NodePlaceMark(NodePlaceMark&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)} {}

NodePlaceMark::~NodePlaceMark() {
    if (descriptor_ >= 0) ::close(descriptor_);  // and the lock is gone
}

Result<NodePlace, std::string> running_node(const std::filesystem::path& datadir) {
    const std::string none = "no node of that directory is running";
    const OpenPlace file{
        ::open(place_file(datadir).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    if (file.value < 0)
        return fail(errno == ENOENT ? none
                                    : "node.place cannot be read: " + place_error().message());
    if (::flock(file.value, LOCK_SH | LOCK_NB) == 0) return fail(none);
    if (errno != EWOULDBLOCK)
        return fail("node.place cannot be locked: " + place_error().message());
    std::array<char, kPlaceFileMax> text{};
    const ssize_t size = ::pread(file.value, text.data(), text.size(), 0);
    const auto place =
        size > 0 ? read_place({text.data(), static_cast<std::size_t>(size)}) : std::nullopt;
    if (!place) return fail(std::string{"its node is just starting"});
    return *place;
}

}  // namespace cairn
