#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "architecture/sources.hpp"

namespace architecture {
namespace {

std::vector<std::string> complaints(std::string_view path, std::string_view text) {
    std::vector<std::string> out;
    for (const auto& violation : inspect(path, text)) out.push_back(violation.what);
    return out;
}

bool is_clean(std::string_view path, std::string_view text) { return inspect(path, text).empty(); }

TEST(Includes, FollowTheArrows) {
    EXPECT_TRUE(is_clean("ledger/ledger.cpp", "#include \"core/base/bytes.hpp\"\n"));
    EXPECT_TRUE(
        is_clean("node/node.cpp", "#include \"net/peers.hpp\"\n#include \"miner/board.hpp\"\n"));
    EXPECT_TRUE(
        is_clean("api/chain.cpp", "#include \"node/gate.hpp\"\n#include \"wallet/keys.hpp\"\n"));
    EXPECT_TRUE(
        is_clean("cli/a.cpp", "#include \"json/value.hpp\"\n#include \"wallet/keys.hpp\"\n"));
    EXPECT_TRUE(is_clean("app/main.cpp",
                         "#include \"net/transport/listen.hpp\"\n#include \"api/x.hpp\"\n"));
}

TEST(Includes, ThatPointOutwardAreFound) {
    const std::vector<std::pair<std::string, std::string>> planted = {
        {"core/a.hpp", "ledger/ledger.hpp"},
        {"core/a.hpp", "wallet/keys.hpp"},
        {"core/a.hpp", "os/home.hpp"},
        {"ledger/a.cpp", "os/home.hpp"},
        {"os/a.cpp", "wallet/keys.hpp"},
        {"json/a.cpp", "api/http/form.hpp"},
        {"json/a.cpp", "wallet/keys.hpp"},
        {"json/a.cpp", "os/home.hpp"},
        {"ledger/a.cpp", "json/value.hpp"},
        {"net/a.cpp", "json/value.hpp"},
        {"ledger/a.cpp", "storage/rocksdb.hpp"},
        {"ledger/a.cpp", "node/node.hpp"},
        {"storage/a.cpp", "net/peers.hpp"},
        {"storage/a.cpp", "miner/board.hpp"},
        {"net/a.cpp", "storage/twin.hpp"},
        {"net/a.cpp", "net/transport/listen.hpp"},
        {"net/a.cpp", "miner/board.hpp"},
        {"miner/a.cpp", "net/peers.hpp"},
        {"miner/a.cpp", "miner/workers/crew.hpp"},
        {"wallet/a.cpp", "ledger/ledger.hpp"},
        {"node/a.cpp", "storage/twin.hpp"},
        {"node/a.cpp", "api/server.hpp"},
        {"node/a.cpp", "net/transport/listen.hpp"},
        {"node/a.cpp", "miner/workers/crew.hpp"},
        {"node/a.cpp", "wallet/keys.hpp"},
        {"api/a.cpp", "storage/twin.hpp"},
        {"api/a.cpp", "miner/board.hpp"},
        {"api/a.cpp", "net/peers.hpp"},
        {"api/a.cpp", "app/config.hpp"},
        {"cli/a.cpp", "ledger/ledger.hpp"},
        {"cli/a.cpp", "node/node.hpp"},
        {"net/transport/a.cpp", "api/services.hpp"},
        {"node/a.cpp", "sim/world.hpp"},
        {"sim/a.cpp", "net/transport/listen.hpp"},
        {"sim/a.cpp", "app/config.hpp"},
    };
    for (const auto& [path, included] : planted) {
        EXPECT_EQ(complaints(path, "#pragma once\n#  include \"" + included + "\"\n").size(), 1U)
            << path << " " << included;
    }
}

TEST(Includes, AreWrittenFromTheTopAndNameAKnownRoom) {
    EXPECT_EQ(complaints("core/a.cpp", "#include \"a.hpp\"\n").size(), 1U);
    EXPECT_EQ(complaints("app/a.cpp", "#include \"misc/a.hpp\"\n").size(), 0U);
    EXPECT_EQ(complaints("node/a.cpp", "#include \"misc/a.hpp\"\n").size(), 1U);
    EXPECT_EQ(complaints("misc/a.cpp", "").size(), 1U);
}

TEST(PureRooms, NameNothingOfTheOutsideWorld) {
    const std::vector<std::string> planted = {
        "#include <thread>",
        "#include <mutex>",
        "#include <random>",
        "#include <fstream>",
        "#include <filesystem>",
        "#include <spdlog/spdlog.h>",
        "std::mutex guard;",
        "std::jthread runner;",
        "auto t = std::chrono::steady_clock::now();",
        "auto t = Clock::system_clock :: now();",
        "std::random_device seed;",
        "randombytes_buf(out, 32);",
        "spdlog::info(x);",
        "std::cerr << x;",
        "std::ofstream out;",
        "auto t = std::time(nullptr);",
        "#include <boost/asio.hpp>",
    };
    for (const auto& line : planted) {
        for (const auto* path : {"core/a.cpp", "json/a.cpp", "ledger/a.hpp", "node/a.cpp",
                                 "net/a.cpp", "miner/a.cpp", "sim/a.cpp"}) {
            EXPECT_EQ(complaints(path, "int a;\n" + line + "\n").size(), 1U) << path << " " << line;
        }
        for (const auto* path : {"net/transport/a.cpp", "miner/workers/a.cpp", "storage/a.cpp",
                                 "app/a.cpp", "core/a_test.cpp", "core/a_test.hpp"}) {
            EXPECT_TRUE(is_clean(path, line + "\n")) << path << " " << line;
        }
    }
}

TEST(PureRooms, MaySpeakOfTheOutsideWorld) {
    EXPECT_TRUE(is_clean("core/a.cpp", "// no std::mutex here\n/* nor\n <thread> */\n"));
    EXPECT_TRUE(is_clean("core/a.cpp", "const char* a = \"std::mutex \\\" spdlog::\";\n"));
    EXPECT_TRUE(is_clean("core/a.cpp", "auto a = R\"x(std::mutex \" )x\"; int b = 1'000;\n"));
    EXPECT_FALSE(is_clean("core/a.cpp", "/* */ std::mutex a; // b\n"));
    EXPECT_FALSE(is_clean("core/a.cpp", "int b = 1'000; std::mutex a; char c = 'c';\n"));
    EXPECT_FALSE(is_clean("core/a.cpp", "const char* s = \"//\"; std::mutex a;\n"));
}

TEST(Violations, TellTheLine) {
    const auto found =
        inspect("core/a.cpp", "/* a\n b */\n#include \"node/node.hpp\"\nstd::mutex m;\n");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].line, 3U);
    EXPECT_EQ(found[0].what, "core includes \"node/node.hpp\"");
    EXPECT_EQ(found[1].line, 4U);
}

std::string read(const std::filesystem::path& path) {
    std::ifstream in{path};
    return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

TEST(Sources, KeepToTheArchitecture) {
    const std::filesystem::path top = CAIRN_SOURCE_DIR "/src";
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{top}) {
        const auto extension = entry.path().extension();
        if (extension != ".cpp" && extension != ".hpp") continue;
        ++files;
        for (const auto& violation :
             inspect(entry.path().lexically_relative(top).string(), read(entry.path()))) {
            ADD_FAILURE() << "src/" << violation.file << ":" << violation.line << ": "
                          << violation.what;
        }
    }
    EXPECT_GT(files, 10U);
}

/// A simulated world has one clock and one source of chance, and they are its own.
TEST(Sources, OfTheSimulationAskNothingOfTheOutsideWorld) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator{CAIRN_SOURCE_DIR "/sim"}) {
        if (entry.path().extension() != ".cpp" && entry.path().extension() != ".hpp") continue;
        ++files;
        for (const auto& violation :
             inspect("sim/" + entry.path().filename().string(), read(entry.path()))) {
            ADD_FAILURE() << violation.file << ":" << violation.line << ": " << violation.what;
        }
    }
    EXPECT_GT(files, 10U);
}

/// The second ledger knows nothing of the first: its folder names no header of ours.
TEST(Sources, OfTheModelIncludeOnlyTheModel) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator{CAIRN_SOURCE_DIR "/tests/model"}) {
        if (entry.path().extension() != ".cpp" && entry.path().extension() != ".hpp") continue;
        ++files;
        const std::string text = read(entry.path());
        for (std::size_t at = text.find("#include \""); at != std::string::npos;
             at = text.find("#include \"", at + 1)) {
            EXPECT_TRUE(text.substr(at).starts_with("#include \"model/")) << entry.path();
        }
    }
    EXPECT_GT(files, 10U);
}

}  // namespace
}  // namespace architecture
