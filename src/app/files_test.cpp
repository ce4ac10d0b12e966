#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "app/chain_export.hpp"
#include "app/chain_file.hpp"
#include "app/command_line.hpp"
#include "app/config_file.hpp"
#include "app/log.hpp"
#include "app/settings.hpp"
#include "core/testing/keys.hpp"
#include "os/home.hpp"

namespace cairn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A folder of its own that goes with the test.
class Files : public ::testing::Test {
protected:
    Files() {
        std::string name = (std::filesystem::temp_directory_path() / "cairn-files-XXXXXX").string();
        folder = mkdtemp(name.data());
    }
    ~Files() override { std::filesystem::remove_all(folder); }
    [[nodiscard]] std::string path(const std::string& name) const { return folder / name; }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream{path(name), std::ios::binary} << text;
        return path(name);
    }
    static std::string read(const std::string& path) {
        std::ifstream file{path, std::ios::binary};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    std::filesystem::path folder;
};

class ChainExport : public Files {
protected:
    std::string exported() {
        auto writer = ExportWriter::create(path("chain"), as_bytes("spec"), 2);
        EXPECT_TRUE(writer);
        EXPECT_TRUE(writer->add(as_bytes("first block")));
        EXPECT_TRUE(writer->add(as_bytes("")));
        EXPECT_TRUE(writer->finish());
        return read(path("chain"));
    }
    /// All blocks, or why not.
    static Result<std::vector<Bytes>, std::string> read_all(const std::string& path) {
        auto reader = ExportReader::open(path);
        if (!reader) return fail(reader.error());
        std::vector<Bytes> blocks;
        for (;;) {
            auto block = reader->next();
            if (!block) return fail(block.error());
            if (!*block) return blocks;
            blocks.push_back(std::move(**block));
        }
    }
};

TEST_F(ChainExport, ReadsWhatItWrote) {
    (void)exported();
    const auto blocks = read_all(path("chain"));
    ASSERT_TRUE(blocks) << blocks.error();
    ASSERT_EQ(blocks->size(), 2U);
    EXPECT_EQ(as_text((*blocks)[0]), "first block");
    EXPECT_TRUE((*blocks)[1].empty());
    EXPECT_EQ(as_text(ExportReader::open(path("chain"))->spec()), "spec");
    EXPECT_FALSE(std::filesystem::exists(path("chain.part")));
}

TEST_F(ChainExport, IsRefusedWhereverItIsCut) {
    const std::string whole = exported();
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(read_all(write("cut", whole.substr(0, size)))) << size;
}

TEST_F(ChainExport, IsRefusedWhereverABitIsFlipped) {
    const std::string whole = exported();
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        EXPECT_FALSE(read_all(write("damaged", damaged))) << at;
    }
}

TEST_F(ChainExport, IsRefusedWithAByteTooMany) {
    EXPECT_FALSE(read_all(write("longer", exported() + '\0')));
}

TEST_F(ChainExport, IsNotInPlaceBeforeItIsWhole) {
    auto writer = ExportWriter::create(path("chain"), as_bytes("spec"), 1);
    ASSERT_TRUE(writer);
    EXPECT_FALSE(std::filesystem::exists(path("chain")));
    EXPECT_FALSE(ExportWriter::create(path("no/such/folder"), as_bytes("spec"), 1));
}

TEST_F(ChainExport, ThatFailedOrWasGivenUpLeavesNothingBehind) {
    {
        auto writer = ExportWriter::create(path("chain"), as_bytes("spec"), 1);
        ASSERT_TRUE(writer);
        std::filesystem::create_directory(path("chain"));  // a name that a file cannot take
        ASSERT_TRUE(writer->add(as_bytes("block")));
        EXPECT_TRUE(std::filesystem::exists(path("chain.part")));
        EXPECT_FALSE(writer->finish());
    }
    EXPECT_FALSE(std::filesystem::exists(path("chain.part")));
    {
        const auto given_up = ExportWriter::create(path("other"), as_bytes("spec"), 1);
        ASSERT_TRUE(given_up);
        EXPECT_TRUE(std::filesystem::exists(path("other.part")));
    }
    EXPECT_FALSE(std::filesystem::exists(path("other.part")));
    EXPECT_FALSE(std::filesystem::exists(path("other")));
}

class ConfigFile : public Files {};

/// "mine-every=2.5" of each.
std::vector<std::string> words_of(const std::vector<FoundSetting>& settings) {
    std::vector<std::string> words;
    for (const auto& setting : settings) words.push_back(setting.name + "=" + setting.value);
    return words;
}

TEST_F(ConfigFile, GivesItsMembersAndTheirPlaces) {
    const auto file = write("c",
                            "http = \"127.0.0.1:1\"\nmine = true\nthreads = "
                            "3\nmine-every = 2.5\nhost = [\"a\", \"b\"]\n");
    const auto found =
        settings_of_config(file, {"http", "mine", "threads", "mine-every", "host", "cors"});
    ASSERT_TRUE(found) << found.error();
    EXPECT_THAT(words_of(*found),
                ::testing::UnorderedElementsAre("http=127.0.0.1:1", "mine=true", "threads=3",
                                                "mine-every=2.5", "host=a", "host=b"));
    const auto threads = std::ranges::find(*found, "threads", &FoundSetting::name);
    EXPECT_EQ(threads->where, file + ": line 3: threads");
}

TEST_F(ConfigFile, MayHaveAMemberNearTheOneThatIsUnknown) {
    const auto file = write("c", "threads = 1\nlog_level = \"info\"\n");
    const auto found = settings_of_config(file, {"threads", "log-level"});
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error(), "--config " + file +
                                 ": line 2: there is no setting \"log_level\"; did you mean "
                                 "\"log-level\"? (cairn node --help lists them; they stand here "
                                 "without the dashes)");
    EXPECT_EQ(settings_of_config(file, {"threads"}).error().find("did you mean"),
              std::string::npos);
}

TEST_F(ConfigFile, IsWeakerThanTheEnvironment) {
    const auto file = write("c", "mine-every = 2\nthreads = 1\nhost = [\"a\", \"b\"]\n");
    ASSERT_EQ(setenv("CAIRN_MINE_EVERY", "7", 1), 0);
    ASSERT_EQ(setenv("CAIRN_HOST", "c", 1), 0);
    ASSERT_EQ(setenv("CAIRN_THREADS", "", 1), 0);  // says nothing
    const auto invocation = parse_command_line({"node", "--config", file});
    unsetenv("CAIRN_MINE_EVERY");
    unsetenv("CAIRN_HOST");
    unsetenv("CAIRN_THREADS");
    ASSERT_TRUE(std::holds_alternative<RunNode>(invocation));
    const auto& settings = std::get<RunNode>(invocation).settings;
    EXPECT_EQ(settings.mine_every, 7);
    EXPECT_EQ(settings.threads, 1U);
    EXPECT_EQ(settings.hosts, std::vector<std::string>{"c"});
}

TEST_F(ConfigFile, IsOverruledByTheCommandLineAlsoInItsLists) {
    const auto file =
        write("c", "host = [\"a\", \"b\"]\ncors = [\"x\", \"y\"]\nthreads = 3\nmine = true\n");
    const auto settings = [&](const std::vector<std::string>& more) {
        std::vector<std::string> words{"node", "--config", file};
        words.insert(words.end(), more.begin(), more.end());
        const auto invocation = parse_command_line(words);
        EXPECT_TRUE(std::holds_alternative<RunNode>(invocation));
        return std::get<RunNode>(invocation).settings;
    };
    using List = std::vector<std::string>;
    EXPECT_EQ(settings({}).hosts, (List{"a", "b"}));
    EXPECT_EQ(settings({"--host", "c"}).hosts, List{"c"});
    EXPECT_EQ(settings({"--host=c", "--host=d"}).hosts, (List{"c", "d"}));
    EXPECT_EQ(settings({"--host", "c"}).cors, (List{"x", "y"}));  // the others stay
    EXPECT_EQ(settings({"--threads", "2"}).threads, 2U);
}

TEST_F(ConfigFile, IsRefusedWithTheLineThatIsWrong) {
    for (const auto* text : {"a = 1\nb = \n", "a = 1\n[b]\nc = 1\n", "a = 1\nb = 2020-01-01\n",
                             "a = 1\nb = [[1]]\n", "a = 1\nb = [{c = 1}]\n"}) {
        const auto found = settings_of_config(write("c", text), {"a", "b"});
        ASSERT_FALSE(found) << text;
        EXPECT_NE(found.error().find("line 2"), std::string::npos) << found.error();
    }
    EXPECT_FALSE(settings_of_config(path("none"), {}));
}

TEST_F(ConfigFile, MayComeThroughAPipeAndItsPathsBeginAtTheHome) {
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    std::jthread writer{[&] { std::ofstream{path("pipe")} << "datadir = \"~/x\"\n"; }};
    const auto invocation = parse_command_line({"node", "--config", path("pipe")});
    ASSERT_TRUE(std::holds_alternative<RunNode>(invocation));
    const auto& settings = std::get<RunNode>(invocation).settings;
    EXPECT_EQ(datadir_of(settings.datadir, "main"), home_folder() / "x");
}

TEST_F(ConfigFile, HasABound) {
    const auto endless = settings_of_config("/dev/zero", {});
    ASSERT_FALSE(endless);
    EXPECT_NE(endless.error().find("/dev/zero"), std::string::npos);
}

class ChainFile : public Files {};

TEST_F(ChainFile, MayComeThroughAPipeWhichGivesNoNameToAFolder) {
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    std::jthread writer{[&] { std::ofstream{path("pipe")} << to_toml(testing::easy_spec()); }};
    EXPECT_TRUE(load_chain(path("pipe")));
    EXPECT_TRUE(no_name_for_datadir("", path("pipe")));
    EXPECT_TRUE(no_name_for_datadir("", "-"));
    EXPECT_FALSE(no_name_for_datadir("given", path("pipe")));
    EXPECT_FALSE(no_name_for_datadir("", "main"));
    EXPECT_FALSE(no_name_for_datadir("", write("own.toml", "")));
    EXPECT_FALSE(load_chain(folder));  // a folder
}

TEST_F(ChainFile, ReadsWhatItWrote) {
    for (const auto name : kBuiltInChains) {
        const auto spec = *built_in_chain(name);
        const auto again = chain_from_toml(to_toml(spec), "f");
        ASSERT_TRUE(again) << again.error();
        EXPECT_EQ(*again, spec);
    }
    ChainSpec odd = testing::easy_spec();
    odd.name = R"(a"b\c)";
    odd.prefix = R"(p"\)";
    odd.opening = 1;
    odd.allocations = {{testing::nobody(1), 5}, {testing::nobody(2), 6}};
    const auto again = chain_from_toml(to_toml(odd), "f");
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(*again, odd);
}

TEST_F(ChainFile, RefusesWhatItDoesNotKnowByName) {
    const std::string good = to_toml(testing::easy_spec());
    EXPECT_TRUE(chain_from_toml(good, "f"));
    EXPECT_THAT(chain_from_toml("openning = \"1\"\n" + good, "f").error(),
                StartsWith("f: line 1: there is no member \"openning\"; did you mean "
                           "\"opening\"? (expected name, "));
    EXPECT_THAT(
        chain_from_toml(good + "[[allocations]]\nrecipient = \"x\"\namout = 1\n", "f").error(),
        AllOf(HasSubstr("there is no member \"amout\"; did you mean \"amount\"?"),
              HasSubstr("recipient or amount")));
    std::string fixd = good;
    fixd.replace(fixd.find("\"fixed\""), 7, "\"fixd\"");
    EXPECT_EQ(chain_from_toml(fixd, "f").error(),
              "f: mode: expected fixed or asert, found \"fixd\"; did you mean \"fixed\"?");
    EXPECT_THAT(load_chain("stedy").error(), HasSubstr("; did you mean \"steady\"?"));
    EXPECT_THAT(load_chain("Dev").error(), HasSubstr("; did you mean \"dev\"?"));
    EXPECT_NE(chain_from_toml(good + "names = 1\n", "f").error().find("f: "), std::string::npos);
    EXPECT_FALSE(chain_from_toml("name = \"a\"\n", "f"));
    EXPECT_FALSE(load_chain(path("none.toml")));
    EXPECT_TRUE(load_chain("dev"));
    EXPECT_TRUE(load_chain(write("own.toml", good)));
}

TEST(Settings, EndpointsAreAddressAndPort) {
    const auto v4 = parse_endpoint("127.0.0.1:5000");
    ASSERT_TRUE(v4);
    EXPECT_EQ(v4->address, "127.0.0.1");
    EXPECT_EQ(v4->port, 5000);
    EXPECT_EQ(parse_endpoint("[::1]:65535")->address, "::1");
    EXPECT_EQ(parse_endpoint("localhost:0")->address, "127.0.0.1");
    for (const auto* bad : {"", "127.0.0.1", ":5000", "127.0.0.1:", "127.0.0.1:65536",
                            "127.0.0.1:-1", "127.0.0.1:5000x", "::1:5000", "[]:5000", "[::1]"})
        EXPECT_FALSE(parse_endpoint(bad)) << bad;
}

TEST(Settings, OnlyLoopbackIsLoopback) {
    EXPECT_TRUE(is_loopback("127.0.0.1"));
    EXPECT_TRUE(is_loopback("127.9.9.9"));
    EXPECT_TRUE(is_loopback("::1"));
    for (const auto* other : {"0.0.0.0", "::", "192.168.0.1", "::ffff:127.0.0.1", "1.127.0.0"})
        EXPECT_FALSE(is_loopback(other)) << other;
}

TEST(Settings, TheFolderIsNamedAfterTheChain) {
    EXPECT_EQ(datadir_of("given", "main"), "given");
    EXPECT_TRUE(datadir_of("", "dev").ends_with("/.cairn/dev"));
    EXPECT_TRUE(datadir_of("", "some/where/own.toml").ends_with("/.cairn/own"));
}

class Log : public ::testing::TestWithParam<log::Format> {
protected:
    /// What a record looks like, less time and level.
    std::string record(const std::string& value) {
        ::testing::internal::CaptureStderr();
        log::open(log::Level::info, GetParam());
        log::info("an event", {{"value", value}, {"count", std::uint64_t{7}}});
        log::debug("left out");
        return ::testing::internal::GetCapturedStderr();
    }
};

TEST_P(Log, ARecordIsOneLineOfPlainTextWhateverAStrangerSent) {
    std::string nasty = "a\nb\rc\x1b[31m\x7f\"\\\xE2\x80\xA8\xC2\x85\xC2\x9B\xff";
    nasty.push_back('\0');
    const std::string line = record(nasty);
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
    EXPECT_TRUE(line.ends_with('\n'));
    for (const char c : line.substr(0, line.size() - 1))
        EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    EXPECT_EQ(line.find("\xC2\x9B"), std::string::npos);
    EXPECT_EQ(line.find("\xC2\x85"), std::string::npos);
    EXPECT_EQ(line.find("\xE2\x80\xA8"), std::string::npos);
    EXPECT_NE(line.find("\\u009b"), std::string::npos);
    EXPECT_EQ(line.find("left out"), std::string::npos);
}

TEST_P(Log, AValueIsCutAtAThousandBytesBetweenCharacters) {
    const std::string line = record(std::string(999, 'x') + "\xC3\xA9tail");
    EXPECT_NE(line.find(std::string(999, 'x') + '"'), std::string::npos);
    EXPECT_EQ(line.find("\xEF\xBF\xBD"), std::string::npos);
    EXPECT_NE(record("\xC3\xA9").find("\xC3\xA9"), std::string::npos);
}

TEST_P(Log, NamesItsLevelsAsTheFlagDoes) {
    const bool json = GetParam() == log::Format::json;
    for (const std::string word : {"debug", "info", "warn", "error"}) {
        log::Level level{};
        ASSERT_TRUE(log::parse_level(word, level));
        ::testing::internal::CaptureStderr();
        log::open(log::Level::debug, GetParam());
        log::write(level, "an event");
        const std::string line = ::testing::internal::GetCapturedStderr();
        // In text the events stand under one another.
        EXPECT_THAT(line, HasSubstr(json ? "\"level\":\"" + word + "\",\"event\""
                                         : "Z " + word + std::string(5 - word.size(), ' ') +
                                               " an event\n"));
    }
}

INSTANTIATE_TEST_SUITE_P(Both, Log, ::testing::Values(log::Format::text, log::Format::json));

}  // namespace
}  // namespace cairn
