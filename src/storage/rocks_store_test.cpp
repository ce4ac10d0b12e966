#include "storage/rocks_store.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "storage/last_commit.hpp"
#include "storage/store_place.hpp"
#include "storage/testing/faulty_fs.hpp"
#include "storage/testing/store_driver.hpp"

namespace cairn {
namespace {

using Reason = OpenStoreError::Reason;
using testing::dump;
using testing::FaultyFs;
using testing::StoreDriver;
using testing::Unsynced;

constexpr const char* kPath = "/data/store";

Result<std::unique_ptr<RocksStore>, OpenStoreError> open_store(
    const std::shared_ptr<FaultyFs>& disk, const std::string& path = kPath) {
    RocksStoreOptions options;
    options.file_system = disk;
    options.clock = testing::impatient_clock();
    options.memtable_bytes = 64 * 1024;
    return RocksStore::open(path, options);
}

Batch put(std::uint8_t key, Bytes value) { return {{}, {{Table::meta, {key}, std::move(value)}}}; }

/// A directory of the machine's own disk that goes with the object.
class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "cairn-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string operator/(const char* name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

TEST(RocksStore, KeepsItsRowsOnARealDiskOverARestart) {
    const TemporaryDirectory directory;
    StoreDriver driver{1};
    std::vector<Row> before;
    {
        auto store = RocksStore::open(directory / "deep/store", {});
        ASSERT_TRUE(store) << store.error().sentence;
        for (int i = 0; i < 20; ++i) ASSERT_TRUE((*store)->write(driver.batch()));
        before = dump(*(*store)->snapshot());
    }
    const auto store = RocksStore::open(directory / "deep/store", {});
    ASSERT_TRUE(store) << store.error().sentence;
    EXPECT_TRUE(dump(*(*store)->snapshot()) == before);
    EXPECT_TRUE((*store)->verify());
    // RocksDB's own diary would stand beside the data, and fail with it.
    for (const auto& entry : std::filesystem::directory_iterator{directory / "deep/store"})
        EXPECT_FALSE(entry.path().filename().string().starts_with("LOG")) << entry.path();
}

TEST(RocksStore, RefusesASecondOpeningOfOneDirectory) {
    const TemporaryDirectory directory;
    auto first = RocksStore::open(directory / "store", {});
    ASSERT_TRUE(first);
    const auto second = RocksStore::open(directory / "store", {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().reason, Reason::locked);
    EXPECT_NE(second.error().sentence.find("in use by another process"), std::string::npos);
    first->reset();
    EXPECT_TRUE(RocksStore::open(directory / "store", {}));
}

TEST(RocksStore, SnapshotOutlivesTheStore) {
    auto store = open_store(std::make_shared<FaultyFs>());
    ASSERT_TRUE((*store)->write(put(1, {7})));
    const auto snapshot = (*store)->snapshot();
    store->reset();
    EXPECT_EQ(snapshot->get(Table::meta, Bytes{1}).value(), Bytes{7});
}

TEST(RocksStore, RefusesANewerSchemaAndOpensItsOwn) {
    const auto disk = std::make_shared<FaultyFs>();
    ASSERT_TRUE(open_store(disk));
    LastCommitFile file;
    ASSERT_TRUE(file.open(*disk, kPath).ok());
    LastCommit last = file.value();
    ASSERT_EQ(last.schema, RocksStore::kSchema);
    last.schema = RocksStore::kSchema + 1;
    ASSERT_TRUE(file.store(last).ok());
    const auto refused = open_store(disk);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason::newer_schema);
    last.schema = RocksStore::kSchema;
    ASSERT_TRUE(file.store(last).ok());
    EXPECT_TRUE(open_store(disk));
}

TEST(RocksStore, RefusalNamesTheDamageAndTheCommandThatHelps) {
    const auto disk = std::make_shared<FaultyFs>();
    { ASSERT_TRUE((*open_store(disk))->write(put(1, {1}))); }
    disk->remove(std::string{kPath} + "/" + LastCommitFile::kName);
    const auto refused = open_store(disk);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason::damaged);
    EXPECT_NE(refused.error().sentence.find("last-commit is missing"), std::string::npos);
    EXPECT_NE(refused.error().sentence.find("one of the backups"), std::string::npos);
    EXPECT_NE(refused.error().sentence.find("`cairn import`"), std::string::npos);
}

TEST(RocksStore, RefusesALogThatEndsBeforeTheLastAcknowledgedWriteAndLeavesItAsItIs) {
    const auto disk = std::make_shared<FaultyFs>();
    auto store = open_store(disk);
    ASSERT_TRUE((*store)->write(put(1, {1})));
    std::string log;
    for (const auto& path : disk->files())
        if (path.ends_with(".log")) log = path;
    const std::string older = disk->content(log);
    ASSERT_TRUE((*store)->write(put(1, {2})));
    store->reset();
    // Cut where a record ends: to RocksDB a whole log.
    disk->overwrite(log, older);
    for (int attempt = 0; attempt < 2; ++attempt) {
        const auto refused = open_store(disk);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().reason, Reason::damaged);
        EXPECT_EQ(disk->content(log), older);
    }
}

TEST(RocksStore, BackupOpensAsAStoreOfThatMoment) {
    const auto disk = std::make_shared<FaultyFs>();
    auto store = open_store(disk);
    StoreDriver driver{3};
    for (int i = 0; i < 30; ++i) ASSERT_TRUE((*store)->write(driver.batch(24, 2000)));
    const auto then = dump(*(*store)->snapshot());
    const auto path = (*store)->backup();
    ASSERT_TRUE(path) << path.error().detail;
    EXPECT_EQ(*path, "/data/backups/000001");
    for (int i = 0; i < 30; ++i) ASSERT_TRUE((*store)->write(driver.batch(24, 2000)));

    const auto copy = open_store(disk, *path);
    ASSERT_TRUE(copy) << copy.error().sentence;
    EXPECT_TRUE(dump(*(*copy)->snapshot()) == then);
    EXPECT_TRUE((*copy)->write(driver.batch()));
}

TEST(RocksStore, KeepsTheNewestTenBackups) {
    const auto disk = std::make_shared<FaultyFs>();
    auto store = open_store(disk);
    for (std::uint8_t i = 0; i < 12; ++i) {
        ASSERT_TRUE((*store)->write(put(1, {i})));
        ASSERT_TRUE((*store)->backup());
    }
    std::vector<std::string> names;
    ASSERT_TRUE(disk->GetChildren("/data/backups", {}, &names, nullptr).ok());
    EXPECT_EQ(names.size(), RocksStore::kBackupsKept);
    EXPECT_EQ(names.front(), "000003");
    EXPECT_EQ(names.back(), "000012");
}

TEST(RocksStore, TakesForABackupOnlyWhatItMade) {
    const auto disk = std::make_shared<FaultyFs>();
    auto store = open_store(disk);
    ASSERT_TRUE((*store)->backup());
    // A folder where somebody keeps things of his own, some of them with such names.
    const std::vector<std::string> foreign = {"20240101", "0001234", "000002.part of mine",
                                              "my.part", "000003.part.old"};
    for (const std::string& name : foreign)
        ASSERT_TRUE(disk->CreateDir("/data/backups/" + name, {}, nullptr).ok());
    std::unique_ptr<rocksdb::FSWritableFile> file;
    ASSERT_TRUE(disk->NewWritableFile("/data/backups/my.partition", {}, &file, nullptr).ok());
    disk->overwrite("/data/backups/my.partition", "a file");
    for (std::uint8_t i = 0; i < 12; ++i) {
        ASSERT_TRUE((*store)->write(put(1, {i})));
        const auto made = (*store)->backup();
        ASSERT_TRUE(made) << made.error().detail;
    }
    for (const std::string& name : foreign)
        EXPECT_TRUE(disk->FileExists("/data/backups/" + name, {}, nullptr).ok()) << name;
    EXPECT_EQ(disk->content("/data/backups/my.partition"), "a file");
}

TEST(RocksStore, ABackupThatFailsLeavesNothingOfItself) {
    const auto disk = std::make_shared<FaultyFs>();
    for (std::uint64_t step = 1; step < 60; step += 7) {
        auto store = open_store(disk);
        ASSERT_TRUE(store) << store.error().sentence;
        ASSERT_TRUE((*store)->write(put(1, {static_cast<std::uint8_t>(step)})));
        disk->fail_change(disk->changes() + step, false, true);
        const bool made = (*store)->backup().has_value();
        disk->heal();
        std::vector<std::string> names;
        (void)disk->GetChildren("/data/backups", {}, &names, nullptr);
        for (const std::string& name : names)
            EXPECT_EQ(name.find("part"), std::string::npos) << step << (made ? " made" : "");
    }
}

TEST(RocksStore, OpenedForReadingChangesNothing) {
    const auto disk = std::make_shared<FaultyFs>();
    RocksStoreOptions options;
    options.file_system = disk;
    EXPECT_FALSE(RocksStore::open_read_only(kPath, options));
    std::vector<Row> expected;
    {
        StoreDriver driver{5};
        auto store = open_store(disk);
        for (int i = 0; i < 30; ++i) ASSERT_TRUE((*store)->write(driver.batch(24, 4000)));
        expected = dump(*(*store)->snapshot());
    }
    const auto before = disk->changes();
    {
        auto store = RocksStore::open_read_only(kPath, options);
        ASSERT_TRUE(store) << store.error().sentence;
        EXPECT_TRUE(dump(*(*store)->snapshot()) == expected);
        EXPECT_TRUE((*store)->verify());
        EXPECT_FALSE((*store)->write(put(1, {1})));
        EXPECT_FALSE((*store)->backup());
        EXPECT_FALSE((*store)->recover());
    }
    EXPECT_EQ(disk->changes(), before);
    disk->remove(std::string{kPath} + "/" + LastCommitFile::kName);
    EXPECT_FALSE(RocksStore::open_read_only(kPath, options));  // what `open` refuses
}

/// A store on the machine's disk, where names can be taken from it.
class StoreThatIsMoved : public ::testing::Test {
protected:
    void SetUp() override {
        store = *RocksStore::open(path, {});
        ASSERT_TRUE(store->write(put(1, {1})));
    }
    /// Every file below a folder with its content.
    static std::map<std::string, std::string> content(const std::string& folder) {
        std::map<std::string, std::string> files;
        for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
            if (!entry.is_regular_file()) continue;
            std::ifstream file{entry.path(), std::ios::binary};
            files[entry.path().string()] = {std::istreambuf_iterator<char>{file}, {}};
        }
        return files;
    }
    void expect_displaced() {
        const auto refused = store->write(put(1, {9}));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().fault, StoreFault::displaced);
        EXPECT_NE(refused.error().detail.find("not at its place"), std::string::npos);
        EXPECT_FALSE(store->check());
        EXPECT_FALSE(store->backup());
        EXPECT_EQ(store->snapshot()->get(Table::meta, Bytes{1}).value(), Bytes{1});  // still read
    }
    void expect_well() {
        const auto recovered = store->recover();
        ASSERT_TRUE(recovered) << recovered.error().detail;
        EXPECT_EQ(store->snapshot()->get(Table::meta, Bytes{1}).value(), Bytes{1});
        EXPECT_TRUE(store->write(put(1, {2})));
        store.reset();
        const auto again = RocksStore::open(path, {});
        ASSERT_TRUE(again) << again.error().sentence;
        EXPECT_EQ((*again)->snapshot()->get(Table::meta, Bytes{1}).value(), Bytes{2});
    }

    const TemporaryDirectory directory;
    const std::string path = directory / "store";
    const std::string elsewhere = directory / "elsewhere";
    std::unique_ptr<RocksStore> store;
};

TEST_F(StoreThatIsMoved, IsNotWrittenToUntilItIsBack) {
    std::filesystem::rename(path, elsewhere);
    expect_displaced();
    EXPECT_FALSE(store->recover());
    std::filesystem::rename(elsewhere, path);
    expect_well();
}

TEST_F(StoreThatIsMoved, NeverTouchesWhatTookItsPlace) {
    std::filesystem::rename(path, elsewhere);
    {
        const auto successor = RocksStore::open(path, {});
        ASSERT_TRUE(successor) << successor.error().sentence;
        ASSERT_TRUE((*successor)->write(put(1, {5})));
    }
    const auto before = content(path);
    expect_displaced();
    EXPECT_FALSE(store->recover());
    store.reset();
    EXPECT_TRUE(content(path) == before);
    const auto successor = RocksStore::open(path, {});
    ASSERT_TRUE(successor) << successor.error().sentence;
    EXPECT_EQ((*successor)->snapshot()->get(Table::meta, Bytes{1}).value(), Bytes{5});
}

TEST_F(StoreThatIsMoved, DeletedIsReadOnlyForGood) {
    std::filesystem::remove_all(path);
    expect_displaced();
    EXPECT_FALSE(store->recover());
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(StoreThatIsMoved, NoticesWithoutAWrite) {
    EXPECT_TRUE(store->check());
    std::filesystem::remove(path + "/lock");
    const auto noticed = store->check();
    ASSERT_FALSE(noticed);
    EXPECT_EQ(noticed.error().fault, StoreFault::displaced);
    EXPECT_NE(noticed.error().detail.find("lock was deleted"), std::string::npos);
}

TEST_F(StoreThatIsMoved, TakesADeletedLockAnew) {
    std::filesystem::remove(path + "/lock");
    expect_displaced();
    expect_well();
}

TEST_F(StoreThatIsMoved, WaitsForWhoTookTheLockMeanwhileAndSeesWhatThatOneWrote) {
    std::filesystem::remove(path + "/lock");
    ASSERT_FALSE(store->check());
    std::filesystem::remove(path + "/LOCK");
    {
        // The other process: RocksDB's own lock is one of the process, and this one has it.
        auto other = StorePlace::take(path);
        ASSERT_TRUE(other) << other.error().what;
        const auto refused = store->recover();
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().fault, StoreFault::displaced);
    }
    expect_well();
}

/// A store with files on several levels, an unflushed log, and an older state on the disk.
std::shared_ptr<FaultyFs> image(std::vector<Row>& newest) {
    auto disk = std::make_shared<FaultyFs>();
    StoreDriver driver{11};
    for (int life = 0; life < 3; ++life) {
        auto store = open_store(disk);
        for (int i = 0; i < 12; ++i) EXPECT_TRUE((*store)->write(driver.batch(24, 2500)));
        newest = dump(*(*store)->snapshot());
        if (life == 2) disk->crash_at(disk->changes() + 1);
        store->reset();
    }
    disk->power_failure(Unsynced::keep, 1);
    return disk;
}

std::string damaged(std::string content, std::uint64_t kind, std::mt19937_64& random) {
    if (content.empty()) return "x";
    const std::size_t at = random() % content.size();
    if (kind == 0) return content.substr(0, at);
    if (kind == 1) {
        for (std::size_t i = at; i < content.size() && i < at + 200; ++i)
            content[i] = static_cast<char>(random());
        return content;
    }
    content[at] = static_cast<char>(content[at] ^ (1 << (random() % 8)));
    return content;
}

/// 1 flips every bit; the default keeps the suite short.
std::uint64_t damage_stride() {
    const char* text = std::getenv("CAIRN_DAMAGE_STRIDE");
    return text == nullptr ? 41 : std::strtoull(text, nullptr, 10);
}

/// Whether what this disk gives is refused, an error, or what was last acknowledged.
void expect_no_wrong_answer(const std::shared_ptr<FaultyFs>& disk, const std::vector<Row>& newest,
                            std::uint64_t& refused) {
    const auto store = open_store(disk);
    if (!store) {
        ++refused;
        EXPECT_EQ(store.error().reason, Reason::damaged) << store.error().sentence;
        return;
    }
    const auto snapshot = (*store)->snapshot();
    std::size_t rows = 0;
    bool errors = false;
    for (std::size_t i = 0; i < kTables; ++i) {
        const auto found = snapshot->scan(static_cast<Table>(i), {}, {}, {SIZE_MAX, SIZE_MAX});
        if (found) rows += found->size();
        errors |= !found;
    }
    if (!errors) {
        ASSERT_EQ(rows, newest.size());
    }
    for (const Row& row : newest) {
        const auto value = snapshot->get(row.table, row.key);
        if (value) {
            ASSERT_TRUE(*value == row.value);
        }
    }
}

TEST(DamagedStore, IsRefusedOrFailsAtTheFirstReadAndIsNeverTakenForAnother) {
    const char* rounds_text = std::getenv("CAIRN_DAMAGE_ROUNDS");
    const std::uint64_t rounds =
        rounds_text == nullptr ? 3 : std::strtoull(rounds_text, nullptr, 10);
    const char* seed_text = std::getenv("CAIRN_SEED");
    const std::uint64_t seed =
        seed_text == nullptr ? std::random_device{}() : std::strtoull(seed_text, nullptr, 10);
    std::printf("CAIRN_SEED=%llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);  // RocksDB may abort
    std::mt19937_64 random{seed};

    std::vector<Row> newest;
    const auto disk = image(newest);
    std::uint64_t cases = 0;
    std::uint64_t refused = 0;
    for (const std::string& path : disk->files()) {
        {
            SCOPED_TRACE("CAIRN_SEED=" + std::to_string(seed) + " removed " + path);
            const auto copy = disk->clone();
            copy->remove(path);
            expect_no_wrong_answer(copy, newest, refused);
            ++cases;
        }
        for (std::uint64_t round = 0; round < 3 * rounds; ++round, ++cases) {
            SCOPED_TRACE("CAIRN_SEED=" + std::to_string(seed) + " damage " +
                         std::to_string(round % 3) + " to " + path);
            const auto copy = disk->clone();
            copy->overwrite(path, damaged(disk->content(path), round % 3, random));
            expect_no_wrong_answer(copy, newest, refused);
            if (::testing::Test::HasFailure()) return;
        }
    }
    std::printf("%llu cases, %llu refused\n", static_cast<unsigned long long>(cases),
                static_cast<unsigned long long>(refused));
    EXPECT_GT(refused, 0U);
}

TEST(DamagedStore, IsNotBelievedWhateverBitOfATableFilesEndIsFlipped) {
    constexpr std::size_t kEnd = 60;  // the footer and a little more
    std::vector<Row> newest;
    const auto disk = image(newest);
    std::uint64_t refused = 0;
    for (const std::string& path : disk->files()) {
        if (!path.ends_with(".sst")) continue;
        const std::string whole = disk->content(path);
        if (whole.size() < kEnd) continue;  // not written yet
        for (std::size_t bit = 0; bit < 8 * kEnd; bit += damage_stride()) {
            SCOPED_TRACE(path + " bit " + std::to_string(bit));
            std::string content = whole;
            char& byte = content[content.size() - kEnd + bit / 8];
            byte = static_cast<char>(byte ^ (1 << (bit % 8)));
            const auto copy = disk->clone();
            copy->overwrite(path, content);
            expect_no_wrong_answer(copy, newest, refused);
        }
    }
    EXPECT_GT(refused, 0U);
}

TEST(DamagedStore, IsRefusedWhereverTheManifestIsCut) {
    std::vector<Row> newest;
    const auto disk = image(newest);
    std::string manifest;
    for (const auto& path : disk->files())
        if (path.find("MANIFEST") != std::string::npos) manifest = path;
    const std::string whole = disk->content(manifest);
    for (std::size_t size = 0; size < whole.size(); size += 97) {
        const auto copy = disk->clone();
        copy->overwrite(manifest, whole.substr(0, size));
        const auto store = open_store(copy);
        ASSERT_FALSE(store) << size;
        EXPECT_EQ(store.error().reason, Reason::damaged);
    }
}

}  // namespace
}  // namespace cairn
